"""What is said of a region: a class and how likely it is, or an honest refusal to say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from roadsight_models.manifest import Manifest

Status = Literal["ok", "uncertain", "unknown"]


@dataclass(frozen=True)
class Prediction:
    """A class and how likely it is."""

    label: str
    index: int
    probability: float


@dataclass(frozen=True)
class Fused:
    """What the frames of a track say together."""

    frames: int  # that were fused, this one included
    status: Status
    predictions: tuple[Prediction, ...]  # most likely first


@dataclass(frozen=True)
class Judgement:
    """What is said of one region. `unknown` has a reason and no predictions."""

    status: Status
    reason: str | None
    predictions: tuple[Prediction, ...]  # most likely first
    suspicion: float | None = None  # how far the answer hangs on detail, 0 to 2; None: not asked, or not judged
    fused: Fused | None = None  # None: the region follows no object, or was not judged


def judgement_of(probabilities: Sequence[float], manifest: Manifest, top: int) -> Judgement:
    """Says which classes are likely, and whether that is sure enough; `top` of them, all if 0."""
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__, reverse=True)[: top or None]
    predictions = tuple(Prediction(manifest.labels[index], index, probabilities[index]) for index in order)
    sure = predictions[0].probability >= manifest.uncertain_below
    return Judgement("ok" if sure else "uncertain", None, predictions)
