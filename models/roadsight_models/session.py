"""A bundle, warm and self-tested: crops in, logits out.

    Bundle --open_session--> Session --run--> Outputs (logits [N, K], embedding [N, D])
           ProviderMissing, PrecisionMissing  TimeoutError
           GoldenMismatch

Nothing leaves `open_session` that has not just reproduced the logits that training gave for the golden inputs.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from roadsight_models import providers
from roadsight_models.asked import Precision, Provider
from roadsight_models.bundle import Bundle
from roadsight_models.contract import check_contract
from roadsight_models.errors import GoldenMismatch
from roadsight_models.frame import Pixels
from roadsight_models.manifest import PrecisionName
from roadsight_models.precision import Graph, choose
from roadsight_models.probabilities import softmax
from roadsight_models.providers import Opened
from roadsight_models.runners import UNBOUNDED, Direct, Gpu, Runner, open_staged

CPU_BATCHES = (1, 2)  # of the self-test; what these take may stay, beside what the next model keeps


class Outputs(NamedTuple):
    """What a graph gives for N crops."""

    logits: npt.NDArray[np.float32]  # [N, K]
    embedding: npt.NDArray[np.float32]  # [N, D]


class Session:
    """Runs one bundle's graph. `run` may be called from several threads at once."""

    def __init__(self, bundle: Bundle, graph: Graph, opened: Opened[Runner]) -> None:
        self.bundle = bundle
        self.graph = graph
        self.manifest = bundle.manifest
        self.provider = opened.provider
        self.fallback = opened.fallback
        self._runner = opened.session
        rule = self.manifest.input
        self._shape = (rule.height, rule.width, 3)

    @property
    def precision(self) -> PrecisionName:
        """The number format that the network is computed in."""
        return self.graph.precision

    @property
    def buckets(self) -> tuple[int, ...]:
        """The batch sizes that a GPU computes, ascending; empty on a CPU, where any will do."""
        return self._runner.buckets

    @property
    def without_graphs(self) -> str | None:
        """Why a GPU runs it without CUDA graphs; None where it has them, and on a CPU."""
        return self._runner.without_graphs

    def run(self, frames: Pixels) -> Outputs:
        """Infers a batch.

        Args:
            frames: uint8 [N, h, w, 3] RGB, cut by the bundle's crop rule.

        Raises:
            ValueError: another shape or dtype.
            TimeoutError: a GPU did not answer within a minute.
        """
        if frames.dtype != np.uint8 or frames.shape[1:] != self._shape:
            raise ValueError(f"expected uint8 [N, {self._shape}], got {frames.dtype} {frames.shape}")
        return Outputs(*self._runner.run(frames))


def open_session(
    bundle: Bundle,
    provider: Provider = "auto",
    threads: int = 1,
    precision: Precision = "auto",
    gpu: Gpu = UNBOUNDED,
) -> Session:
    """Opens, warms and tests a bundle.

    Args:
        bundle: as `bundle.load` gave it.
        provider: see `providers.open_first`.
        threads: intra-op threads of the CPU provider.
        precision: see `precision.choose`.
        gpu: what it may take of a GPU, if it gets one.

    Raises:
        ProviderMissing: the provider that was asked for by name is not there.
        PrecisionMissing: nor is the precision.
        BadBundle: the graph does not have the inputs and outputs of the contract.
        GoldenMismatch: the session does not reproduce the golden logits.
    """
    opened = providers.open_first(
        lambda one: _open(bundle, choose(bundle.manifest, one, precision), one, threads, gpu), provider
    )
    session = Session(bundle, choose(bundle.manifest, opened.provider, precision), opened)
    _check_golden(session)
    rule = bundle.manifest.input
    opened.session.give_back(np.zeros((1, rule.height, rule.width, 3), np.uint8))
    return session


def _open(bundle: Bundle, graph: Graph, provider: str, threads: int, gpu: Gpu) -> Runner:
    path, manifest = bundle.folder / graph.file, bundle.manifest
    any_batch = providers.open_on(path, "cpu", threads)
    check_contract(bundle, path, any_batch)
    if provider == "cpu":
        return Direct(any_batch)
    dimension = any_batch.get_inputs()[0].shape[0]
    # An engine is good for one network, and one version of what built it.
    engines = f"{manifest.digest[:16]}-{graph.precision}-{ort.__version__}"
    cache = (gpu.cache or bundle.folder / ".tensorrt") / engines
    return open_staged(path, provider, dimension, graph.precision == "float16", gpu, cache)


def _check_golden(session: Session) -> None:
    golden, manifest = session.bundle.golden(), session.manifest
    expected = softmax(golden.logits, manifest.temperature)
    for rows in _golden_batches(len(golden.frames), session.buckets or CPU_BATCHES):
        try:
            logits = session.run(golden.frames[rows]).logits
        except ValueError as error:
            raise GoldenMismatch(f"{session.bundle.folder}: golden inputs do not fit the graph: {error}") from error
        except Exception as error:  # ONNX Runtime's own errors have no common base
            why = f"the self-test failed on {session.provider}: {error}"
            raise GoldenMismatch(f"{session.bundle.folder}: {why}") from error
        difference = float(np.abs(softmax(logits, manifest.temperature) - expected[rows]).max())
        if not difference <= session.graph.golden_tolerance:
            raise GoldenMismatch(
                f"{session.bundle.folder}: in {session.precision} on {session.provider} the golden probabilities "
                f"differ by {difference:.2g}; at most {session.graph.golden_tolerance:.2g} is allowed"
            )


def _golden_batches(inputs: int, sizes: Sequence[int]) -> Iterator[npt.NDArray[np.intp]]:
    """Every input, and every size; a batch that would not be full begins again with the first."""
    for start in range(0, inputs, max(sizes)):
        yield np.arange(start, start + max(sizes)) % inputs
    for size in sorted(sizes)[:-1]:
        yield np.arange(size) % inputs
