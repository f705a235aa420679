"""What an attack climbs: the gradient graph of a bundle, opened and tested before anybody trusts it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

import colour_gradient
import colours
from roadsight_models import bundle, providers
from roadsight_models.errors import BadBundle, GoldenMismatch, ProviderMissing
from roadsight_models.gradient import AT_ONCE, Floats, Gradients, GradientSession, open_gradient


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> GradientSession:
    return open_gradient(colour_gradient.save(tmp_path_factory.mktemp("bundles")), "cpu")


def pixels(n: int, seed: int = 0) -> Floats:
    values: Floats = np.divide(colours.crops(n, seed), 255, dtype=np.float32)
    return values


def weights(n: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((n, 3)).astype(np.float32)


def test_logits_are_the_classifier_s_and_the_gradient_is_of_the_weighted_logits(session: GradientSession) -> None:
    for n in (1, 2, 7):
        got = session.run(pixels(n), weights(n))
        np.testing.assert_allclose(got.logits, colours.answers(colours.crops(n)), rtol=1e-5)
        np.testing.assert_allclose(got.gradient, colour_gradient.answers(weights(n)), rtol=1e-5)


def test_a_step_along_it_raises_the_logit_that_it_is_the_gradient_of(session: GradientSession) -> None:
    only_red = np.array([[1, 0, 0]], np.float32)
    before = session.run(pixels(1), only_red)
    after = session.run(pixels(1) + before.gradient, only_red)
    assert after.logits[0, 0] > before.logits[0, 0]
    np.testing.assert_allclose(after.logits[0, 1:], before.logits[0, 1:], rtol=1e-6)


def test_its_self_test_differentiates_few_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, sizes = GradientSession.run, list[int]()

    def watched(self: GradientSession, pixels: Floats, cotangent: Floats) -> Gradients:
        sizes.append(len(pixels))
        return run(self, pixels, cotangent)

    monkeypatch.setattr(GradientSession, "run", watched)
    saved = colour_gradient.save(tmp_path)
    open_gradient(saved, "cpu")
    assert (max(sizes), min(sizes)) == (AT_ONCE, 1)
    assert sum(sizes) == 3 * len(saved.golden().frames) + 1


def test_a_bundle_knows_whether_it_has_one(tmp_path: Path) -> None:
    with_one, without = colour_gradient.save(tmp_path / "with"), colours.save(tmp_path / "without")
    assert with_one.gradient == with_one.folder / "gradient.onnx"
    assert without.gradient is None
    assert bundle.load(with_one.folder) == with_one


def test_a_file_beside_the_bundle_that_the_manifest_does_not_list_is_none_of_it(tmp_path: Path) -> None:
    saved = colours.save(tmp_path)
    (saved.folder / "gradient.onnx").write_bytes(colour_gradient.graph())
    assert bundle.load(saved.folder).gradient is None


def test_a_bundle_without_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match=r"1\.0\.0: it was published without gradient\.onnx"):
        open_gradient(colours.save(tmp_path), "cpu")


def test_it_runs_on_what_was_asked_for_or_says_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "no_gpu", lambda: "no GPU here")
    saved = colour_gradient.save(tmp_path)
    session = open_gradient(saved)
    assert (session.provider, session.fallback) == ("cpu", "no GPU here")
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ProviderMissing, match=r"roadsight\[gpu\]"):
        open_gradient(saved, "cuda")


def renamed(old: str, new: str) -> Callable[[ModelProto], None]:
    def change(model: ModelProto) -> None:
        for named in (*model.graph.input, *model.graph.output):
            named.name = named.name.replace(old, new)
        for node in model.graph.node:
            node.input[:] = [name.replace(old, new) for name in node.input]
            node.output[:] = [name.replace(old, new) for name in node.output]

    return change


def doubles(output: str) -> Callable[[ModelProto], None]:
    def change(model: ModelProto) -> None:
        renamed(output, "plain")(model)
        model.graph.node.append(helper.make_node("Cast", ["plain"], [output], to=TensorProto.DOUBLE))
        for tensor in model.graph.output:
            if tensor.name == "plain":
                tensor.name, tensor.type.tensor_type.elem_type = output, TensorProto.DOUBLE

    return change


def sized(name: str, axis: int, size: int) -> Callable[[ModelProto], None]:
    """Sets one axis of an input or output."""

    def change(model: ModelProto) -> None:
        for tensor in (*model.graph.input, *model.graph.output):
            if tensor.name == name:
                tensor.type.tensor_type.shape.dim[axis].dim_value = size

    return change


def third_output(model: ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("colour", TensorProto.FLOAT, ["N", 3]))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (renamed("pixels", "frames"), "its inputs must be `pixels` and `cotangent`"),
        (renamed("cotangent", "label"), "its inputs must be `pixels` and `cotangent`"),
        (renamed("gradient", "slope"), "its outputs `logits` and `gradient`"),
        (third_output, "its outputs `logits` and `gradient`"),
        (doubles("gradient"), r"`gradient` must be float32, is tensor\(double\)"),
        (doubles("logits"), "`logits` must be float32"),
        (sized("pixels", 1, 24), r"`pixels` is \[24, 16, 3\], by the manifest \[16, 16, 3\]"),
        (sized("cotangent", 1, 4), r"`cotangent` is \[4\], by the manifest \[3\]"),
        (sized("pixels", 0, 4), "its batch must be dynamic, is 4 in `pixels`"),
        (sized("cotangent", 0, 1), "its batch must be dynamic, is 1 in `cotangent`"),
    ],
)
def test_a_graph_that_breaks_the_contract_is_refused(
    tmp_path: Path, change: Callable[[ModelProto], None], complaint: str
) -> None:
    broken = colour_gradient.save(tmp_path, colour_gradient.changed(change))
    with pytest.raises(BadBundle, match=rf"gradient\.onnx: .*{complaint}"):
        open_gradient(broken, "cpu")


def test_the_classifier_under_the_gradient_s_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="its inputs must be"):
        open_gradient(colour_gradient.save(tmp_path, colours.graph()), "cpu")


def test_a_file_that_is_no_graph_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProviderMissing, match=r"did not take gradient\.onnx"):
        open_gradient(colour_gradient.save(tmp_path, b"garbage"), "cpu")


def test_the_gradient_of_another_network_is_refused(tmp_path: Path) -> None:
    def louder(model: ModelProto) -> None:
        (gain,) = (tensor for tensor in model.graph.initializer if tensor.name == "gain")
        gain.raw_data = np.array(13, np.float32).tobytes()

    with pytest.raises(GoldenMismatch, match="on cpu the golden probabilities of the gradient's graph differ by"):
        open_gradient(colour_gradient.save(tmp_path, colour_gradient.changed(louder)), "cpu")


def test_a_graph_that_fails_on_a_single_picture_is_refused(tmp_path: Path) -> None:
    def needs_four(model: ModelProto) -> None:
        renamed("logits", "plain")(model)
        model.graph.output[0].name = "logits"
        model.graph.initializer.append(helper.make_tensor("fourth", TensorProto.INT64, [1], [3]))
        model.graph.initializer.append(helper.make_tensor("zero", TensorProto.FLOAT, [], [0]))
        model.graph.node.append(helper.make_node("Gather", ["plain", "fourth"], ["row"], axis=0))
        model.graph.node.append(helper.make_node("Mul", ["row", "zero"], ["nothing"]))
        model.graph.node.append(helper.make_node("Add", ["plain", "nothing"], ["logits"]))

    with pytest.raises(GoldenMismatch, match="the gradient's self-test failed on cpu"):
        open_gradient(colour_gradient.save(tmp_path, colour_gradient.changed(needs_four)), "cpu")


def test_golden_inputs_of_another_size_are_an_error(tmp_path: Path) -> None:
    small = colours.npz(frames=np.zeros((1, 8, 8, 3), np.uint8), logits=np.zeros((1, 3), np.float32))
    saved = colours.save(tmp_path, {"gradient.onnx": colour_gradient.graph(), "golden.npz": small})
    with pytest.raises(GoldenMismatch, match="golden inputs do not fit the gradient"):
        open_gradient(saved, "cpu")


@pytest.mark.parametrize(
    ("given", "cotangent", "complaint"),
    [
        (colours.crops(1), weights(1), "pixels: expected float32"),
        (pixels(1).astype(np.float64), weights(1), "pixels: expected float32"),
        (pixels(1)[0], weights(1), "pixels: expected float32"),
        (pixels(1)[:, :8], weights(1), "pixels: expected float32"),
        (pixels(1), weights(1)[0], "cotangent: expected float32"),
        (pixels(1), weights(1)[:, :2], "cotangent: expected float32"),
        (pixels(1), weights(1).astype(np.float64), "cotangent: expected float32"),
        (pixels(2), weights(1), "2 pictures, but 1 rows of cotangent"),
    ],
)
def test_what_does_not_fit_is_refused(
    session: GradientSession, given: Floats, cotangent: Floats, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        session.run(given, cotangent)


def test_many_threads_each_get_their_own_gradient(session: GradientSession) -> None:
    def ask(seed: int) -> bool:
        n = 1 + seed % 7
        got = session.run(pixels(n, seed), weights(n, seed))
        return np.allclose(got.gradient, colour_gradient.answers(weights(n, seed)), rtol=1e-5)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(32)))


@pytest.mark.parametrize(("share", "said"), [(0.0, "rise by 0 in all"), (-1.0, "rise by -")], ids=["none", "descent"])
def test_a_gradient_that_does_not_climb_is_refused(share: float, said: str, tmp_path: Path) -> None:
    def change(model: ModelProto) -> None:
        (constant,) = (one for one in model.graph.initializer if one.name == "share")
        constant.CopyFrom(numpy_helper.from_array(np.array(share, np.float32), "share"))

    saved = colour_gradient.save(tmp_path, colour_gradient.changed(change))
    with pytest.raises(GoldenMismatch, match=said):
        open_gradient(saved, "cpu")
