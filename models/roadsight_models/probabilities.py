"""Logits -> probabilities that can be believed, or an honest "not sure".

    logits [N, K] --softmax at the bundle's temperature--> probabilities [N, K] --judge--> N Judgements

Temperature scaling: Guo et al. 2017, "On Calibration of Modern Neural Networks". Abstention by the top probability:
Hendrycks and Gimpel 2017; the threshold is published in the manifest.
"""

import math

import numpy as np
import numpy.typing as npt

from roadsight_models.judgement import Judgement, judgement_of
from roadsight_models.manifest import Manifest

NOT_FINITE = "logits_not_finite"


def softmax(logits: npt.NDArray[np.float32], temperature: float = 1.0) -> npt.NDArray[np.float64]:
    """Calibrated probabilities along the last axis, in float64 so that a row sums to 1 to machine precision."""
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def judge(logits: npt.NDArray[np.float32], manifest: Manifest, top: int = 5) -> tuple[Judgement, ...]:
    """Judges N regions.

    Args:
        logits: float32 [N, K].
        manifest: gives labels, temperature and the threshold under which an answer is `uncertain`.
        top: how many classes to name; 0 for all.

    Returns:
        N judgements: `unknown` where a logit is NaN or infinite, since a graph that overflows has judged nothing.
    """
    # Python's own numbers: for a few regions of a few classes numpy takes longer to begin than this takes in all.
    finite = [math.isfinite(sum(row)) for row in logits.tolist()]
    usable = logits if all(finite) else np.where(np.array(finite)[:, None], logits, 0)
    rows = zip(finite, softmax(usable, manifest.temperature).tolist(), strict=True)
    return tuple(judgement_of(row, manifest, top) if fine else unknown(NOT_FINITE) for fine, row in rows)


def unknown(reason: str) -> Judgement:
    """Says that a region was not judged, and why."""
    return Judgement("unknown", reason, ())
