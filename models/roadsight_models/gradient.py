"""The gradient of a bundle's network, with no torch: what white-box attacks climb.

    Bundle --open_gradient--> GradientSession --run--> Gradients (logits [N, K], gradient [N, h, w, 3])
           ProviderMissing
           BadBundle
           GoldenMismatch

The graph is the classifier, differentiated. It takes pixels in [0, 1], so that an epsilon is in pixel units, and a
weight for each logit, so that it serves every loss: for cross-entropy these are softmax(logits) - onehot(label).
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from roadsight_models import arena, providers
from roadsight_models.asked import Provider
from roadsight_models.bundle import GRADIENT, Bundle
from roadsight_models.errors import BadBundle, GoldenMismatch
from roadsight_models.probabilities import softmax

Floats = npt.NDArray[np.float32]

STEP = 0.001  # the largest change of a pixel when the gradient is tried
AT_ONCE = 2  # pictures in its self-test: ONNX Runtime keeps the memory of the largest batch that it ever saw


class Gradients(NamedTuple):
    """What a gradient graph gives for N pictures."""

    logits: Floats  # [N, K]
    gradient: Floats  # [N, h, w, 3]: of sum(cotangent * logits) by the pixels


class GradientSession:
    """Runs one bundle's gradient graph. `run` may be called from several threads at once."""

    def __init__(self, bundle: Bundle, opened: providers.Opened[ort.InferenceSession]) -> None:
        self.bundle = bundle
        self.manifest = bundle.manifest
        self.provider = opened.provider
        self.fallback = opened.fallback
        self._session = opened.session
        rule = self.manifest.input
        self._picture = (rule.height, rule.width, 3)

    def run(self, pixels: Floats, cotangent: Floats) -> Gradients:
        """Differentiates a batch; no picture's gradient depends on another picture.

        Args:
            pixels: float32 [N, h, w, 3] RGB in [0, 1]: what the classifier takes as uint8, divided by 255.
            cotangent: float32 [N, K], the weight of each logit in what is differentiated.

        Raises:
            ValueError: another shape or dtype.
        """
        weights = (len(self.manifest.labels),)
        for name, array, shape in (("pixels", pixels, self._picture), ("cotangent", cotangent, weights)):
            if array.dtype != np.float32 or array.shape[1:] != shape:
                raise ValueError(f"{name}: expected float32 [N, {shape}], got {array.dtype} {array.shape}")
        if len(pixels) != len(cotangent):
            raise ValueError(f"{len(pixels)} pictures, but {len(cotangent)} rows of cotangent")
        logits, gradient = self._session.run(["logits", "gradient"], {"pixels": pixels, "cotangent": cotangent})
        return Gradients(logits, gradient)


def open_gradient(bundle: Bundle, provider: Provider = "auto", threads: int = 1) -> GradientSession:
    """Opens, warms and tests a bundle's gradient graph.

    Args:
        bundle: as `bundle.load` gave it.
        provider: see `providers.open_graph`.
        threads: intra-op threads of the CPU provider.

    Raises:
        ProviderMissing: the provider that was asked for by name is not there.
        BadBundle: the bundle has no gradient graph, or not one with the inputs and outputs of the contract.
        GoldenMismatch: the graph does not reproduce the golden logits, or they do not rise along its gradient: it is of
            another network.
    """
    path = bundle.gradient
    if path is None:
        raise BadBundle(bundle.folder, f"it was published without {GRADIENT}; a version that has it can be attacked")
    opened = providers.open_graph(path, provider, threads)
    _check_contract(bundle, path, opened.session)
    session = GradientSession(bundle, opened)
    _check_golden(session)
    if opened.provider == "cpu":
        rule, classes = bundle.manifest.input, len(bundle.manifest.labels)
        pixels, cotangent = np.zeros((1, rule.height, rule.width, 3), np.float32), np.zeros((1, classes), np.float32)
        arena.give_back(opened.session, {"pixels": pixels, "cotangent": cotangent})
    return session


def _check_contract(bundle: Bundle, path: Path, graph: ort.InferenceSession) -> None:
    rule, classes = bundle.manifest.input, len(bundle.manifest.labels)
    shapes = {"pixels": [rule.height, rule.width, 3], "cotangent": [classes]}
    shapes |= {"logits": shapes["cotangent"], "gradient": shapes["pixels"]}
    inputs, outputs = graph.get_inputs(), graph.get_outputs()
    if [i.name for i in inputs] != ["pixels", "cotangent"] or [o.name for o in outputs] != ["logits", "gradient"]:
        raise BadBundle(path, "its inputs must be `pixels` and `cotangent`, its outputs `logits` and `gradient`")
    for tensor in (*inputs, *outputs):
        if tensor.type != "tensor(float)":
            raise BadBundle(path, f"`{tensor.name}` must be float32, is {tensor.type}")
        if tensor.shape[1:] != shapes[tensor.name]:
            raise BadBundle(path, f"`{tensor.name}` is {tensor.shape[1:]}, by the manifest {shapes[tensor.name]}")
        if isinstance(tensor.shape[0], int):
            raise BadBundle(path, f"its batch must be dynamic, is {tensor.shape[0]} in `{tensor.name}`")


def _check_golden(session: GradientSession) -> None:
    golden, manifest = session.bundle.golden(), session.manifest
    pixels, cotangent = np.divide(golden.frames, 255, dtype=np.float32), np.ones_like(golden.logits)
    expected = softmax(golden.logits, manifest.temperature)
    for n in (len(pixels), 1):
        try:
            got = _differentiate(session, pixels[:n], cotangent[:n])
        except ValueError as error:
            raise GoldenMismatch(f"{session.bundle.folder}: golden inputs do not fit the gradient: {error}") from error
        except Exception as error:  # ONNX Runtime's own errors have no common base
            why = f"the gradient's self-test failed on {session.provider}: {error}"
            raise GoldenMismatch(f"{session.bundle.folder}: {why}") from error
        difference = float(np.abs(softmax(got.logits, manifest.temperature) - expected[:n]).max())
        if not difference <= manifest.golden_tolerance:
            raise GoldenMismatch(
                f"{session.bundle.folder}: on {session.provider} the golden probabilities of the gradient's graph "
                f"differ by {difference:.2g}; at most {manifest.golden_tolerance:.2g} is allowed"
            )
    _check_climbs(session, pixels, cotangent)


def _check_climbs(session: GradientSession, pixels: Floats, cotangent: Floats) -> None:
    """A gradient of nothing would make every attack fail, and the network look robust."""
    before = _differentiate(session, pixels, cotangent)
    steepest = float(np.abs(before.gradient).max())
    step = before.gradient * np.float32(STEP / steepest if steepest > 0 else 0)
    gain = float((_differentiate(session, pixels + step, cotangent).logits - before.logits).sum())
    if not gain > 0:  # so written that NaN is noticed
        why = f"along the gradient the golden logits rise by {gain:.2g} in all: it is of something else"
        raise GoldenMismatch(f"{session.bundle.folder}: on {session.provider} {why}")


def _differentiate(session: GradientSession, pixels: Floats, cotangent: Floats) -> Gradients:
    """A few at once."""
    starts = range(0, len(pixels), AT_ONCE)
    found = [session.run(pixels[at : at + AT_ONCE], cotangent[at : at + AT_ONCE]) for at in starts]
    return Gradients(*map(np.concatenate, zip(*found, strict=True)))
