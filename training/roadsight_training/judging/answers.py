"""What a network said of the samples of one split: the one thing that every figure is made of.

logits [N, K], samples --Answers.read-----> Answers: what figures are made of
                                            BadAnswers (none, or a logit is not finite)
                       --Validation.read--> Validation: what thresholds may be chosen on
                                            BadSplit (a sample is of a held-out split)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from roadsight_models.manifest import Manifest
from roadsight_models.probabilities import softmax
from roadsight_training.datasets import Sample
from roadsight_training.errors import BadAnswers, BadSplit
from roadsight_training.judging.intervals import Flags, Indices
from roadsight_training.recipe import HELD_OUT

Logits = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """How logits are read where there is no manifest yet: a network fresh from training."""

    labels: tuple[str, ...]  # labels[k] names column k
    temperature: float = 1.0
    uncertain_below: float = 0.0


@dataclass(frozen=True, eq=False)
class Answers:
    """The probabilities that N samples of one split got, beside the truth."""

    labels: tuple[str, ...]  # K names
    samples: tuple[Sample, ...]
    probabilities: Probabilities  # [N, K]

    @classmethod
    def read(cls, logits: Logits, samples: Sequence[Sample], reading: Manifest | Reading) -> Self:
        """Turns logits float32 [N, K] into probabilities at the reading's temperature.

        Raises:
            BadAnswers: a logit is NaN or infinite, or there are no samples.
            BadSplit: a `Validation` is asked for of samples that are reported on.
        """
        if not len(logits):
            raise BadAnswers("there is no answer to judge")
        if broken := int((~np.isfinite(logits)).any(axis=1).sum()):
            raise BadAnswers(f"{broken} of {len(logits)} answers have logits that are not finite: the network diverged")
        return cls(reading.labels, tuple(samples), softmax(logits, reading.temperature))

    @cached_property
    def truth(self) -> Indices:
        """int64 [N]."""
        return np.array([sample.index for sample in self.samples], np.int64)

    @cached_property
    def guess(self) -> Indices:
        """int64 [N]; of equals the first, as the service has it."""
        return np.asarray(self.probabilities.argmax(axis=1), np.int64)

    @property
    def right(self) -> Flags:
        """Bool [N]."""
        return np.asarray(self.guess == self.truth)

    @property
    def confidence(self) -> Probabilities:
        """float64 [N]: the probability of the guess."""
        return np.asarray(self.probabilities.max(axis=1))

    def part(self, chosen: Flags) -> Self:
        """The answers where bool [N] is true."""
        samples = tuple(self.samples[i] for i in np.flatnonzero(chosen))
        return type(self)(self.labels, samples, self.probabilities[chosen])

    def __len__(self) -> int:
        """N."""
        return len(self.samples)


@dataclass(frozen=True, eq=False)  # again: only so is its __post_init__ called
class Validation(Answers):
    """Answers on tracks that were held back from training; thresholds are chosen on these alone."""

    def __post_init__(self) -> None:
        if reserved := sorted({sample.split for sample in self.samples if sample.split.startswith(HELD_OUT)}):
            raise BadSplit(f"the split {reserved[0]!r} is reported on; nothing is ever chosen on it")
