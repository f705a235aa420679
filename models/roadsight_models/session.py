"""A bundle, warm and self-tested: crops in, logits out.

    Bundle --open_session--> Session --run--> Outputs (logits [N, K], embedding [N, D])
           ProviderMissing, PrecisionMissing
           GoldenMismatch

Nothing leaves `open_session` that has not just reproduced the logits that training gave for the golden inputs.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from roadsight_models import providers
from roadsight_models.bundle import Bundle
from roadsight_models.errors import BadBundle, GoldenMismatch
from roadsight_models.frame import Pixels
from roadsight_models.manifest import PrecisionName
from roadsight_models.precision import Asked, Graph, choose
from roadsight_models.probabilities import softmax

GOLDEN_BATCH = 4  # ONNX Runtime keeps the memory of its largest batch; one of the service's size must do


class Outputs(NamedTuple):
    """What a graph gives for N crops."""

    logits: npt.NDArray[np.float32]  # [N, K]
    embedding: npt.NDArray[np.float32]  # [N, D]


class Session:
    """Runs one bundle's graph. `run` may be called from several threads at once."""

    def __init__(self, bundle: Bundle, opened: providers.Opened, graph: Graph) -> None:
        self.bundle = bundle
        self.graph = graph
        self.manifest = bundle.manifest
        self.provider = opened.provider
        self.fallback = opened.fallback
        self._session = opened.session
        rule = self.manifest.input
        self._shape = (rule.height, rule.width, 3)

    @property
    def precision(self) -> PrecisionName:
        """The number format that the network is computed in."""
        return self.graph.precision

    def run(self, frames: Pixels) -> Outputs:
        """Infers a batch.

        Args:
            frames: uint8 [N, h, w, 3] RGB, cut by the bundle's crop rule.

        Raises:
            ValueError: another shape or dtype.
        """
        if frames.dtype != np.uint8 or frames.shape[1:] != self._shape:
            raise ValueError(f"expected uint8 [N, {self._shape}], got {frames.dtype} {frames.shape}")
        logits, embedding = self._session.run(["logits", "embedding"], {"frames": frames})
        return Outputs(logits, embedding)


def open_session(
    bundle: Bundle,
    provider: providers.Asked = "auto",
    threads: int = 1,
    cache: Path | None = None,
    precision: Asked = "auto",
) -> Session:
    """Opens, warms and tests a bundle.

    Args:
        bundle: as `bundle.load` gave it.
        provider: see `providers.open_first`.
        threads: intra-op threads of the CPU provider.
        cache: where TensorRT keeps its engines.
        precision: see `precision.choose`.

    Raises:
        ProviderMissing: the provider that was asked for by name is not there.
        PrecisionMissing: nor is the precision.
        BadBundle: the graph does not have the inputs and outputs of the contract.
        GoldenMismatch: the session does not reproduce the golden logits.
    """

    def chosen(provider: str) -> Graph:
        return choose(bundle.manifest, provider, precision)

    opened = providers.open_first(lambda one: bundle.folder / chosen(one).file, provider, threads, cache)
    graph = chosen(opened.provider)
    _check_contract(bundle, bundle.folder / graph.file, opened.session)
    session = Session(bundle, opened, graph)
    _check_golden(session)
    return session


def _check_contract(bundle: Bundle, path: Path, graph: ort.InferenceSession) -> None:
    inputs = [(i.name, i.type, len(i.shape)) for i in graph.get_inputs()]
    outputs = {o.name: o.shape for o in graph.get_outputs() if o.type == "tensor(float)"}
    if inputs != [("frames", "tensor(uint8)", 4)] or not {"logits", "embedding"} <= outputs.keys():
        raise BadBundle(path, "its input must be `frames` (uint8), its outputs `logits` and `embedding` (float32)")
    rule, (batch, *picture) = bundle.manifest.input, graph.get_inputs()[0].shape
    if isinstance(batch, int):
        raise BadBundle(path, f"its batch must be dynamic, is {batch}")
    if any(
        isinstance(got, int) and got != side for got, side in zip(picture, (rule.height, rule.width, 3), strict=True)
    ):
        raise BadBundle(path, f"its input is {picture}, the manifest's {[rule.height, rule.width, 3]}")
    if outputs["logits"][-1] != len(bundle.manifest.labels):
        raise BadBundle(path, f"{outputs['logits'][-1]} logits, but {len(bundle.manifest.labels)} labels")


def _check_golden(session: Session) -> None:
    golden, manifest = session.bundle.golden(), session.manifest
    batches = [golden.frames[first : first + GOLDEN_BATCH] for first in range(0, len(golden.frames), GOLDEN_BATCH)]
    try:
        logits = np.concatenate([session.run(batch).logits for batch in batches])
        one = session.run(golden.frames[:1]).logits
    except ValueError as error:
        raise GoldenMismatch(f"{session.bundle.folder}: golden inputs do not fit the graph: {error}") from error
    except Exception as error:  # ONNX Runtime's own errors have no common base
        raise GoldenMismatch(f"{session.bundle.folder}: the self-test failed on {session.provider}: {error}") from error
    expected = softmax(golden.logits, manifest.temperature)
    for got, want in ((logits, expected), (one, expected[:1])):
        difference = float(np.abs(softmax(got, manifest.temperature) - want).max())
        if not difference <= session.graph.golden_tolerance:
            raise GoldenMismatch(
                f"{session.bundle.folder}: in {session.precision} on {session.provider} the golden probabilities "
                f"differ by {difference:.2g}; at most {session.graph.golden_tolerance:.2g} is allowed"
            )
