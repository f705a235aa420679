"""Answers -> the wrong ones, most confident first: what a contact sheet shows."""

from dataclasses import dataclass

import numpy as np

from roadsight_training.judging.answers import Answers


@dataclass(frozen=True)
class Mistake:
    """A wrong answer."""

    sample: int  # into the samples that were judged
    path: str
    truth: str
    guess: str
    probability: float  # of the guess


def mistakes(answers: Answers) -> tuple[Mistake, ...]:
    """Lists the wrong answers; equally confident ones in the order of the samples."""
    wrong = np.flatnonzero(~answers.right)
    return tuple(
        Mistake(
            sample=int(row),
            path=answers.samples[row].path,
            truth=answers.labels[answers.truth[row]],
            guess=answers.labels[answers.guess[row]],
            probability=float(answers.confidence[row]),
        )
        for row in wrong[np.argsort(-answers.confidence[wrong], kind="stable")]
    )
