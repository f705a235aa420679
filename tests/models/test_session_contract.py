"""A graph that is not what the contract says stops the start, in words that name the bundle."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper

import colours
from roadsight_models.errors import BadBundle, ProviderMissing
from roadsight_models.session import Session, open_session


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return open_session(colours.save(tmp_path_factory.mktemp("bundles")), "cpu")


def sized(axis: int, value: int | str, also_outputs: bool = False) -> Callable[[ModelProto], None]:
    """Sets one axis of the input, a batch size of the outputs too."""

    def change(model: ModelProto) -> None:
        for tensor in (model.graph.input[0], *(model.graph.output if also_outputs else ())):
            dimension = tensor.type.tensor_type.shape.dim[axis]
            dimension.Clear()
            if isinstance(value, int):
                dimension.dim_value = value
            else:
                dimension.dim_param = value

    return change


def renamed(old: str, new: str) -> Callable[[ModelProto], None]:
    def change(model: ModelProto) -> None:
        for tensor in (*model.graph.input, *model.graph.output):
            tensor.name = tensor.name.replace(old, new)
        for node in model.graph.node:
            node.input[:] = [name.replace(old, new) for name in node.input]
            node.output[:] = [name.replace(old, new) for name in node.output]

    return change


def cast(output: str, kind: int) -> Callable[[ModelProto], None]:
    """Gives an output of another type."""

    def change(model: ModelProto) -> None:
        renamed(output, "plain")(model)
        model.graph.node.append(helper.make_node("Cast", ["plain"], [output], to=kind))
        for tensor in model.graph.output:
            if tensor.name == "plain":
                tensor.name, tensor.type.tensor_type.elem_type = output, kind

    return change


def embedding_of_any_width(model: ModelProto) -> None:
    renamed("embedding", "plain")(model)
    model.graph.node.append(helper.make_node("NonZero", ["plain"], ["places"]))
    model.graph.node.append(helper.make_node("Cast", ["places"], ["embedding"], to=TensorProto.FLOAT))
    del model.graph.output[1]
    model.graph.output.append(helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", "D"]))


def float_input(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT


def without_embedding(model: ModelProto) -> None:
    del model.graph.output[1]


def second_input(model: ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.UINT8, ["N"]))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (renamed("frames", "images"), "its input must be `frames`"),
        (renamed("logits", "scores"), "its outputs `logits` and `embedding`"),
        (float_input, "its input must be `frames`"),
        (second_input, "its input must be `frames`"),
        (embedding_of_any_width, "the width of its `embedding` must be fixed"),
        (without_embedding, "its outputs `logits` and `embedding`"),
        (cast("logits", TensorProto.DOUBLE), "float32"),
        (cast("logits", TensorProto.INT32), "float32"),
        (cast("embedding", TensorProto.DOUBLE), "float32"),
        (sized(0, 1, True), "its batch must be dynamic, is 1"),
        (sized(0, 4, True), "its batch must be dynamic, is 4"),  # as many as the golden inputs
        (sized(1, 24), r"its input is \[24, 16, 3\], the manifest's \[16, 16, 3\]"),
        (sized(2, 8), r"its input is \[16, 8, 3\]"),
        (sized(3, 4), r"its input is \[16, 16, 4\]"),
    ],
)
def test_a_graph_that_breaks_the_contract_is_refused(
    tmp_path: Path, change: Callable[[ModelProto], None], complaint: str
) -> None:
    broken = colours.save(tmp_path, files={"classifier.onnx": colours.changed(change)})
    with pytest.raises(BadBundle, match=rf"classifier\.onnx: .*{complaint}"):
        open_session(broken, "cpu")


def test_a_batch_of_one_in_the_graph_is_found_even_if_the_self_test_has_one_input(tmp_path: Path) -> None:
    files = {"classifier.onnx": colours.changed(sized(0, 1, True)), "golden.npz": colours.golden(1)}
    with pytest.raises(BadBundle, match="batch must be dynamic"):
        open_session(colours.save(tmp_path, files=files), "cpu")


def test_a_graph_that_takes_any_size_takes_the_manifest_s(tmp_path: Path) -> None:
    open_size = colours.changed(lambda model: [sized(axis, name)(model) for axis, name in ((1, "h"), (2, "w"))])
    session = open_session(colours.save(tmp_path, files={"classifier.onnx": open_size}), "cpu")
    with pytest.raises(ValueError, match="expected uint8"):
        session.run(np.zeros((1, 24, 24, 3), np.uint8))


@pytest.mark.parametrize("content", [b"", b"garbage", colours.graph()[:100]])
def test_a_file_that_is_no_graph_is_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ProviderMissing, match=r"did not take classifier\.onnx"):
        open_session(colours.save(tmp_path, files={"classifier.onnx": content}), "cpu")


def test_an_empty_batch_has_empty_answers(session: Session) -> None:
    outputs = session.run(colours.crops(0))
    assert (outputs.logits.shape, outputs.embedding.shape) == ((0, 3), (0, 3))


@pytest.mark.parametrize("view", [np.s_[::2], np.s_[::-1], np.s_[:, ::-1], np.s_[:, :, ::-1, ::-1]])
def test_crops_need_not_be_contiguous(session: Session, view: tuple[slice, ...]) -> None:
    crops = colours.crops(5)[view]
    np.testing.assert_allclose(session.run(crops).logits, colours.answers(crops), rtol=1e-5)


@pytest.mark.parametrize(
    "frames",
    [
        colours.crops(1)[0],
        colours.crops(1)[..., :2],
        colours.crops(1)[..., None],
        colours.crops(1).transpose(0, 3, 1, 2),
        colours.crops(1).astype(np.int8),
        colours.crops(1) > 7,
        np.uint8(1),
    ],
    ids=lambda frames: f"{frames.dtype} {frames.shape}",
)
def test_what_is_no_batch_of_crops_is_refused(session: Session, frames: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        session.run(frames)


def test_an_answer_stays_what_it_was_when_the_next_is_given(session: Session) -> None:
    first = session.run(colours.crops(3, seed=1))
    kept = first.logits.copy()
    session.run(colours.crops(3, seed=2))
    np.testing.assert_array_equal(first.logits, kept)


def test_the_answer_for_a_crop_does_not_hang_on_its_company(session: Session) -> None:
    crops = colours.crops(9)
    alone = np.concatenate([session.run(crop[None]).logits for crop in crops])
    np.testing.assert_allclose(session.run(crops).logits, alone, rtol=1e-6)


def test_many_threads_each_get_their_own_answers(session: Session) -> None:
    def ask(seed: int) -> bool:
        crops = colours.crops(1 + seed % 7, seed)
        return all(np.allclose(session.run(crops).logits, colours.answers(crops), rtol=1e-5) for _ in range(5))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(64)))
