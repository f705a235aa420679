"""The best checkpoint of a run, asked about every picture of a split.

Dataset --held_back, select--> samples --decode--> frames --Network--> logits --> Judged
        BadRun, BadDataset             BadDataset                      BadAnswers
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from roadsight_models.frame import Pixels
from roadsight_training.datasets import Dataset, Kind, Sample
from roadsight_training.datasets.pictures import decode_all
from roadsight_training.graph import torch_logits
from roadsight_training.judging.answers import Answers, Reading, Validation
from roadsight_training.judging.calibration import Calibration, calibration, fit_temperature
from roadsight_training.judging.evaluation import measure
from roadsight_training.judging.figures import Report
from roadsight_training.judging.thresholds import OperatingThreshold, Reached, Wanted, operating_threshold
from roadsight_training.loading import crop_all
from roadsight_training.networks import Network
from roadsight_training.run import HELD_BACK, Run, held_back

PRECISE = Wanted("precision", 0.99)


@dataclass(frozen=True)
class Asked:
    """What a report is wanted of."""

    split: str = HELD_BACK
    kind: Kind = "auto"  # of any split but validation, which has the recipe's
    wanted: Mapping[str, Wanted] = field(default_factory=dict)  # of a class at its operating threshold
    wanted_else: Wanted = PRECISE  # of every other class
    shown: tuple[str, ...] = ()  # paths of the pictures to explain; none: some right and some wrong ones


@dataclass(frozen=True, eq=False)
class Judged:
    """What the network said of a split, and what it is worth."""

    frames: Pixels  # uint8 [N, h, w, 3]
    answers: Answers
    report: Report  # of the network as it was trained: at temperature 1
    temperature: float  # fitted on validation
    calibrated: Calibration  # at that temperature
    thresholds: tuple[tuple[OperatingThreshold, Reached | None], ...]  # chosen on validation; and what they give here
    damaged: int  # pictures that could not be read


def judge(run: Run, network: Network, dataset: Dataset, asked: Asked) -> Judged:
    """Measures a network on a split; what is chosen is chosen on the run's validation tracks.

    Args:
        run: whose recipe says how to crop.
        network: in evaluation mode.
        dataset: with the run's labels.
        asked: which split.

    Raises:
        BadRun: the data set lacks the validation tracks.
        BadDataset: no such split, or too many pictures can't be decoded.
        BadAnswers: the network answers with numbers that are not finite.
    """
    held = held_back(run, dataset)
    frames, samples, damaged = _frames(run, dataset, held)
    logits = torch_logits(network, frames)
    temperature = fit_temperature(logits, np.array([sample.index for sample in samples]))
    calibrated = Reading(run.labels, temperature)
    validation = Validation.read(logits, samples, calibrated)
    if asked.split != HELD_BACK:
        frames, samples, damaged = _frames(run, dataset, dataset.select(asked.split, asked.kind))
        logits = torch_logits(network, frames)
    reading = Reading(run.labels)
    answers = Answers.read(logits, samples, calibrated)
    aims = {label: asked.wanted.get(label, asked.wanted_else) for label in run.labels}
    chosen = [operating_threshold(validation, label, aim) for label, aim in aims.items()]
    return Judged(
        frames=frames,
        answers=Answers.read(logits, samples, reading),
        report=measure(logits, samples, reading),
        temperature=temperature,
        calibrated=calibration(answers),
        thresholds=tuple((threshold, threshold.on(answers)) for threshold in chosen),
        damaged=damaged,
    )


def _frames(run: Run, dataset: Dataset, samples: Sequence[Sample]) -> tuple[Pixels, tuple[Sample, ...], int]:
    rule = run.recipe.input
    decoded = decode_all(dataset, samples, run.recipe.data.unreadable, rule.context)
    return crop_all(decoded.pictures, rule), decoded.samples, len(decoded.damaged)
