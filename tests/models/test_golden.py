"""The self-test's file: what is not clearly inputs with their logits stops the start."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto

import colours
from colours import npz
from roadsight_models.errors import BadBundle, GoldenMismatch
from roadsight_models.frame import Pixels
from roadsight_models.session import Outputs, Session, open_session

FRAMES = colours.crops(2)
LOGITS = colours.answers(FRAMES)


class Trap:
    """Ends the process when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return exit, (3,)


def npy(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, array)  # type: ignore[arg-type]
    return file.getvalue()


def compressed() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, frames=FRAMES, logits=LOGITS)
    return file.getvalue()


def damaged(at: int) -> bytes:
    content = bytearray(compressed())
    content[at : at + 8] = b"\xff" * 8
    return bytes(content)


def test_a_good_file_opens_the_session(tmp_path: Path) -> None:
    plain = colours.save(tmp_path, files={"golden.npz": npz(frames=FRAMES, logits=LOGITS)})
    smaller = colours.save(tmp_path, files={"golden.npz": compressed()}, version="1.0.1")
    assert [open_session(each, "cpu").provider for each in (plain, smaller)] == ["cpu", "cpu"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        pickle.dumps({"frames": 1}),
        pickle.dumps(Trap()),
        npy(FRAMES),
        npz(frames=FRAMES, logits=LOGITS)[:-40],
        npz(frames=FRAMES, logits=LOGITS)[40:],
        damaged(60),
        damaged(500),
        npz(frames=FRAMES),
        npz(logits=LOGITS),
        npz(frames=np.array([Trap()], object), logits=LOGITS),
        npz(frames=FRAMES, logits=np.array([Trap()], object)),
    ],
)
def test_what_is_no_golden_file_is_refused_and_nothing_is_unpickled(tmp_path: Path, content: bytes) -> None:
    bundle = colours.save(tmp_path, files={"golden.npz": content})
    with pytest.raises(BadBundle, match=r"golden\.npz: not a golden file"):
        bundle.golden()


@pytest.mark.parametrize(
    "frames",
    [FRAMES[:0], FRAMES[0], FRAMES.astype(np.float32), FRAMES.astype(np.int8), FRAMES[..., None], np.uint8(7)],
    ids=lambda frames: f"{frames.dtype} {frames.shape}",
)
def test_frames_are_a_batch_of_bytes(tmp_path: Path, frames: np.ndarray) -> None:
    bundle = colours.save(
        tmp_path, files={"golden.npz": npz(frames=frames, logits=LOGITS[: len(np.atleast_1d(frames))])}
    )
    with pytest.raises(BadBundle, match=r"golden\.npz: frames must be"):
        open_session(bundle, "cpu")


@pytest.mark.parametrize(
    "logits",
    [
        LOGITS[:1],  # numpy would repeat each of these over the batch
        LOGITS[0],
        LOGITS[:, :1],
        LOGITS[0, 0],
        LOGITS[:0],
        np.vstack((LOGITS, LOGITS)),
        np.hstack((LOGITS, LOGITS)),
        LOGITS.T,
        LOGITS.astype(np.float64),
        LOGITS.astype(np.float16),
        LOGITS.astype(int),
        LOGITS.astype(str),
        LOGITS > 5,
    ],
    ids=lambda logits: f"{logits.dtype} {logits.shape}",
)
def test_logits_are_as_many_as_frames_and_labels(tmp_path: Path, logits: np.ndarray) -> None:
    bundle = colours.save(tmp_path, files={"golden.npz": npz(frames=FRAMES, logits=logits)}, golden_tolerance=0.99)
    with pytest.raises(BadBundle, match=r"golden\.npz: logits must be float32"):
        open_session(bundle, "cpu")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_logits_are_finite(tmp_path: Path, value: float) -> None:
    logits = LOGITS.copy()
    logits[1, 2] = value
    with pytest.raises(BadBundle, match="finite"):
        open_session(colours.save(tmp_path, files={"golden.npz": npz(frames=FRAMES, logits=logits)}), "cpu")


@pytest.mark.parametrize("row", [0, 1])
def test_one_wrong_answer_among_the_right_ones_is_enough(tmp_path: Path, row: int) -> None:
    logits = LOGITS.copy()
    logits[row] = logits[row, ::-1] + 1
    with pytest.raises(GoldenMismatch, match="differ by"):
        open_session(colours.save(tmp_path, files={"golden.npz": npz(frames=FRAMES, logits=logits)}), "cpu")


def test_it_is_run_in_batches_that_leave_no_more_memory_behind_than_serving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, batches = Session.run, list[int]()

    def counted(session: Session, frames: Pixels) -> Outputs:
        batches.append(len(frames))
        return run(session, frames)

    monkeypatch.setattr(Session, "run", counted)
    open_session(colours.save(tmp_path, files={"golden.npz": colours.golden(10)}), "cpu")
    assert batches == [2, 2, 2, 2, 2, 1]


def test_a_wrong_answer_in_the_last_batch_counts_as_well(tmp_path: Path) -> None:
    frames = colours.crops(6)
    logits = colours.answers(frames)
    logits[5] = logits[5, ::-1] + 1
    with pytest.raises(GoldenMismatch, match="differ by"):
        open_session(colours.save(tmp_path, files={"golden.npz": npz(frames=frames, logits=logits)}), "cpu")


def test_the_manifest_says_how_much_the_probabilities_may_differ(tmp_path: Path) -> None:
    logits = np.zeros((1, 3), np.float32)
    frames = np.zeros((1, 16, 16, 3), np.uint8)
    logits[0, 0] = 0.01  # a third becomes 0.33556: 0.0022 more
    content = {"golden.npz": npz(frames=frames, logits=logits)}
    open_session(colours.save(tmp_path, files=content, golden_tolerance=0.0023), "cpu")
    with pytest.raises(GoldenMismatch, match=r"differ by 0\.0022; at most 0\.0021"):
        open_session(colours.save(tmp_path, files=content, golden_tolerance=0.0021, version="1.0.1"), "cpu")


def test_a_constant_added_to_all_logits_is_no_difference(tmp_path: Path) -> None:
    content = {"golden.npz": npz(frames=FRAMES, logits=LOGITS + np.float32(3))}
    assert open_session(colours.save(tmp_path, files=content), "cpu").provider == "cpu"


def test_both_sides_are_compared_at_the_temperature_of_the_bundle(tmp_path: Path) -> None:
    assert open_session(colours.save(tmp_path, temperature=5.0), "cpu").manifest.temperature == 5.0


def test_a_graph_that_answers_nan_is_not_ready(tmp_path: Path) -> None:
    def poison(model: ModelProto) -> None:
        (gain,) = (tensor for tensor in model.graph.initializer if tensor.name == "gain")
        gain.raw_data = np.float32(np.nan).tobytes()

    with pytest.raises(GoldenMismatch, match="differ by nan"):
        open_session(colours.save(tmp_path, files={"classifier.onnx": colours.changed(poison)}), "cpu")
