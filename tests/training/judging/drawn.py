"""Answers made up by hand: probabilities, truth, and the manifest that reads them."""

from collections.abc import Sequence

import numpy as np

from roadsight_models.manifest import CropRule, Manifest, Parity, Provenance
from roadsight_models.regions import Box
from roadsight_training.datasets import Sample
from roadsight_training.judging.answers import Answers, Logits, Reading, Validation

MANIFEST = Manifest(
    name="drawn", version="1.0.0", task="drawn", architecture="none", labels=("a", "b", "c", "d"),
    input=CropRule(width=8, height=8, context=0, resize="area_or_linear", min_side=8), opset=18, temperature=1,
    uncertain_below=0.6, golden_tolerance=1e-3, parity=Parity(max_difference=0, n=1), metrics=(), licence="none",
    provenance=Provenance(data="", weights="", code="", recipe=""), files={},
)  # fmt: skip
TWO = Reading(("other", "sign"))


def sample(
    index: int,
    kind: str = "full",
    split: str = "train",
    source: str = "",
    box: Box | None = None,
    side: float | None = None,
    path: str = "",
) -> Sample:
    """A sample of which only the given fields matter."""
    return Sample(path, index, box, split, kind, "", "", source, side)


def logits(*rows: tuple[float, ...]) -> Logits:
    """Logits whose softmax gives these probabilities."""
    return np.log(np.array(rows, np.float32))


def one_sign(*scores: float) -> Logits:
    """Logits of `TWO` with these probabilities of `sign`."""
    return logits(*((1 - score, score) for score in scores))


def answers(given: Logits, truth: Sequence[int], reading: Reading = TWO) -> Answers:
    """Answers of a reported split."""
    return Answers.read(given, [sample(index, split="test") for index in truth], reading)


def validation(given: Logits, truth: Sequence[int]) -> Validation:
    """Answers of validation tracks, for `TWO`."""
    return Validation.read(given, [sample(index) for index in truth], TWO)
