"""How a bundle's graph is run: the one place where CPU and GPU part.

on a CPU: graph --Direct-->      any batch, several at once, nothing copied
on a GPU: graph --open_staged--> Staged: buckets, one batch at a time, buffers that stay
                ProviderMissing
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort

from roadsight_models import arena, buckets
from roadsight_models.errors import ProviderMissing
from roadsight_models.frame import Pixels
from roadsight_models.pinned import pinned
from roadsight_models.provider_options import Fixed
from roadsight_models.providers import open_on
from roadsight_models.staged import OUTPUTS, Floats, Staged

log = logging.getLogger(__name__)


class Runner(Protocol):
    """Crops in, logits and embedding out; called from several threads at once."""

    buckets: tuple[int, ...]  # the batch sizes that it computes; empty where any will do
    without_graphs: str | None  # why a GPU runs it without CUDA graphs

    def run(self, frames: Pixels) -> tuple[Floats, Floats]:
        """Infers uint8 [N, h, w, 3]; gives logits float32 [N, K] and embedding float32 [N, D]."""

    def give_back(self, least: Pixels) -> None:
        """Frees what batches took, unless it has to stay; may infer the least batch for it."""


@dataclass(frozen=True)
class Gpu:
    """What one bundle may take of a GPU."""

    largest: int = 32  # bucket; larger batches are divided
    memory_bytes: int | None = None  # no limit if None
    cache: Path | None = None  # where TensorRT keeps its engines; beside the bundle if None


UNBOUNDED = Gpu()


class Direct:
    """A session that takes whatever comes."""

    buckets: tuple[int, ...] = ()
    without_graphs: str | None = None

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session

    def run(self, frames: Pixels) -> tuple[Floats, Floats]:
        """Infers on the calling thread."""
        logits, embedding = self._session.run(list(OUTPUTS), {"frames": frames})
        return logits, embedding

    def give_back(self, least: Pixels) -> None:
        """See `Runner`."""
        arena.give_back(self._session, {"frames": least})


def open_staged(path: Path, provider: str, dimension: str, float16: bool, gpu: Gpu, cache: Path) -> Staged:
    """Opens a graph on a GPU, with CUDA graphs where it can be captured, and without where not.

    Args:
        path: the ONNX file.
        provider: cuda or tensorrt; or cpu, for a look at what it does.
        dimension: the batch's name in the graph.
        float16: whether the graph computes in half precision.
        gpu: what it may take.
        cache: TensorRT's engines of this very graph.

    Raises:
        ProviderMissing: the provider is not there, or the graph does not run on it; says why.
    """
    sizes = buckets.sizes(gpu.largest)
    memory = None if gpu.memory_bytes is None else gpu.memory_bytes // len(sizes)

    def staged(captures: bool, why: str | None) -> Staged:
        def open_fixed(size: int) -> ort.InferenceSession:
            own = cache / str(size)  # by itself: TensorRT's file names do not tell one size from another
            if provider == "tensorrt":
                own.mkdir(parents=True, exist_ok=True)
            return open_on(path, provider, 1, Fixed(dimension, size, captures, float16, own, memory))

        memory_of = ("cpu", _pageable) if provider == "cpu" else ("cuda", pinned)
        return Staged(open_fixed, sizes, *memory_of, why)

    try:
        return staged(True, None)
    except Exception as error:  # ONNX Runtime's own errors have no common base
        why = str(error)
    try:
        opened = staged(False, why)
    except ProviderMissing:
        raise
    except Exception as error:
        raise ProviderMissing(f"{path.name} does not run on {provider}: {error}") from error
    log.warning("%s runs on %s without CUDA graphs: %s", path, provider, why)
    return opened


def _pageable(shape: tuple[int, ...]) -> Pixels:
    return np.empty(shape, np.uint8)
