"""ONNX Runtime's own CPU provider beside OpenVINO's, on the graphs of bundles: time, and how far answers move.

bundle folders --contenders, in turn--> milliseconds, difference in probability --> a table

In an environment of its own, since onnxruntime-openvino takes the place of the module that the service uses.
`make bench-openvino`.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

ROUNDS = 15
TRIES = 3  # in a row; the quickest counts, because what slows a try is other work
CPU, OPENVINO = "CPUExecutionProvider", "OpenVINOExecutionProvider"

Probabilities = npt.NDArray[np.float64]


class Contender(NamedTuple):
    """A graph, and what runs it."""

    graph: str  # float32 or int8
    path: Path
    provider: str
    computes: str  # in which number format


class Row(NamedTuple):
    """What a contender took, and how far from the golden answers it is."""

    bundle: str
    contender: Contender
    milliseconds: float
    difference: float  # the largest in a probability


def contenders(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Contender]:
    """The bundle's graphs on the CPU provider, and the float32 one on OpenVINO, where this build has that."""
    classifier = folder / "classifier.onnx"
    yield Contender("float32", classifier, CPU, "float32")
    for precision in manifest["precisions"]:
        if precision["name"] == "int8":
            yield Contender("int8", folder / precision["file"], CPU, "int8")
    if OPENVINO in ort.get_available_providers():
        yield Contender("float32", classifier, OPENVINO, "f32")
        yield Contender("float32", classifier, OPENVINO, "bf16")


def compare(folder: Path, rounds: int = ROUNDS) -> Iterator[Row]:
    """Times a bundle's contenders on one golden input and one thread each, in turn."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    with np.load(folder / "golden.npz") as golden:
        frames, wanted = golden["frames"], _softmax(golden["logits"], manifest["temperature"])
    sessions = {contender: _open(contender) for contender in contenders(folder, manifest)}
    taken: dict[Contender, list[float]] = {contender: [] for contender in sessions}
    for _ in range(rounds + 1):  # the first warms up
        for contender, session in sessions.items():
            taken[contender].append(min(_seconds(session, frames[:1]) for _ in range(TRIES)))
    for contender, session in sessions.items():
        logits = np.concatenate([session.run(["logits"], {"frames": frame[None]})[0] for frame in frames])
        difference = np.abs(_softmax(logits, manifest["temperature"]) - wanted).max()
        yield Row(manifest["name"], contender, 1e3 * median(taken[contender][1:]), float(difference))


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Lines; each time also as a share of the CPU provider's in float32 on the same bundle."""
    yield f"{'bundle':14}{'graph':10}{'runs on':10}{'computes':10}{'ms':>8}{'share':>8}{'difference':>12}"
    usual = {row.bundle: row.milliseconds for row in rows if row.contender.computes == "float32"}
    for row in rows:
        graph, _, provider, computes = row.contender
        what = f"{row.bundle:14}{graph:10}{provider.removesuffix('ExecutionProvider'):10}{computes:10}"
        share = row.milliseconds / usual[row.bundle]
        yield f"{what}{row.milliseconds:8.2f}{share:8.2f}{row.difference:12.4f}"


def _open(contender: Contender) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    settings: dict[str, str] = {}
    if contender.provider == OPENVINO:
        cpu = {"INFERENCE_PRECISION_HINT": contender.computes, "INFERENCE_NUM_THREADS": "1"}
        settings = {"device_type": "CPU", "load_config": json.dumps({"CPU": cpu})}
    session = ort.InferenceSession(str(contender.path), options, providers=[(contender.provider, settings)])
    if session.get_providers()[0] != contender.provider:
        sys.exit(f"error: {contender.path} would run on {session.get_providers()[0]}, not on {contender.provider}")
    return session


def _seconds(session: ort.InferenceSession, frame: npt.NDArray[np.uint8]) -> float:
    start = time.perf_counter()
    session.run(["logits"], {"frames": frame})
    return time.perf_counter() - start


def _softmax(logits: npt.NDArray[np.float32], temperature: float) -> Probabilities:
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(1, keepdims=True))


if __name__ == "__main__":
    print(*table([row for folder in sys.argv[1:] for row in compare(Path(folder))]), sep="\n")
