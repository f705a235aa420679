"""A graph on a GPU: one session a bucket, each with buffers of its own that never move.

    crops --split--> Piece(s) --pad--> pinned memory --copy--> device --run or replay--> device --copy--> rows
                                                                        TimeoutError

A session with a fixed batch has a graph in which ONNX Runtime has computed all arithmetic on shapes beforehand, so that
every node runs on the GPU; only such a graph can be captured. The first run of each size chooses algorithms, builds
engines and captures, so it belongs to the start. The same code runs on a CPU, where tests look at it.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from roadsight_models.buckets import split
from roadsight_models.frame import Pixels
from roadsight_models.own_thread import OwnThread

Floats = npt.NDArray[np.float32]
OUTPUTS = ("logits", "embedding")
WARM_WITHIN_S = 3600.0  # TensorRT builds an engine a bucket, minutes each
RUN_WITHIN_S = 60.0  # a GPU that takes longer hangs

log = logging.getLogger(__name__)


class Staged:
    """Runs batches one after the other; `run` may be called from several threads at once."""

    def __init__(
        self,
        open_fixed: Callable[[int], ort.InferenceSession],
        buckets: Sequence[int],
        device: str,
        allocate: Callable[[tuple[int, ...]], Pixels],
        without_graphs: str | None = None,
    ) -> None:
        """Opens and warms every bucket, and logs how far it is.

        Args:
            open_fixed: a session whose batch has the size that is given.
            buckets: batch sizes, ascending.
            device: where the buffers lie: cuda or cpu.
            allocate: host memory of a shape, for what is copied to the device.
            without_graphs: why the sessions do not capture CUDA graphs; None where they do.

        Raises:
            ProviderMissing: `open_fixed` or `allocate` did.
            Exception: ONNX Runtime could not run a bucket.
        """
        self.buckets = tuple(buckets)
        self.without_graphs = without_graphs
        self._thread = OwnThread("staged")
        self._warm: dict[int, _Bucket] = self._thread.call(
            partial(_warm, open_fixed, self.buckets, device, allocate), WARM_WITHIN_S
        )

    def run(self, frames: Pixels) -> tuple[Floats, Floats]:
        """Infers a batch of any size.

        Args:
            frames: uint8 [N, h, w, 3].

        Returns:
            logits float32 [N, K] and embedding float32 [N, D], both the caller's own.

        Raises:
            TimeoutError: the GPU did not answer within a minute.
        """
        return self._thread.call(partial(_run, self._warm, frames), RUN_WITHIN_S)

    def give_back(self, least: Pixels) -> None:
        """Nothing: buffers have to stay where they are."""


class _Bucket:
    """A session for one batch size, and its buffers."""

    def __init__(self, session: ort.InferenceSession, host: Pixels, device: str) -> None:
        self._session, self._host = session, host
        self._frames = ort.OrtValue.ortvalue_from_shape_and_type(host.shape, np.uint8, device)
        shapes = {output.name: (len(host), output.shape[-1]) for output in session.get_outputs()}
        self._outputs = [ort.OrtValue.ortvalue_from_shape_and_type(shapes[o], np.float32, device) for o in OUTPUTS]
        self._binding = session.io_binding()
        for name, value in zip(OUTPUTS, self._outputs, strict=True):
            self._binding.bind_ortvalue_output(name, value)

    def run(self, frames: Pixels) -> list[Floats]:
        """Copies in, runs, copies out; what is missing to a full bucket is black."""
        count = len(frames)
        self._host[:count], self._host[count:] = frames, 0
        self._frames.update_inplace(self._host)
        # Bound for each run: should the graph begin on the CPU after all, it is binding that copies there.
        self._binding.bind_ortvalue_input("frames", self._frames)
        self._session.run_with_iobinding(self._binding)
        return [np.array(value.numpy()[:count]) for value in self._outputs]


def _warm(
    open_fixed: Callable[[int], ort.InferenceSession],
    buckets: Sequence[int],
    device: str,
    allocate: Callable[[tuple[int, ...]], Pixels],
) -> dict[int, _Bucket]:
    warm: dict[int, _Bucket] = {}
    host: Pixels | None = None
    for done, size in enumerate(reversed(buckets), 1):  # the largest first: if memory is short, that is known at once
        start = perf_counter()
        session = open_fixed(size)
        shape = tuple(session.get_inputs()[0].shape)
        host = allocate(shape) if host is None else host  # one for all: one batch runs at a time
        warm[size] = _Bucket(session, host[:size], device)
        warm[size].run(host[:0])
        log.info("batch of %d is warm, %d of %d, after %.1f s", size, done, len(buckets), perf_counter() - start)
    return warm


def _run(warm: dict[int, _Bucket], frames: Pixels) -> tuple[Floats, Floats]:
    pieces = split(len(frames), tuple(sorted(warm)))
    parts = [warm[piece.bucket].run(frames[piece.start : piece.stop]) for piece in pieces]
    if not parts:
        parts = [warm[min(warm)].run(frames)]
    logits, embedding = (np.concatenate(part) if len(parts) > 1 else part[0] for part in zip(*parts, strict=True))
    return logits, embedding
