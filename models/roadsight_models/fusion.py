"""What the frames of a track say together: one sign, seen again and again.

probabilities of a frame --add--> probabilities of the track so far

A logarithmic opinion pool (Genest and Zidek 1986, "Combining probability distributions") with forgetting: the mean of
the frames' log-probabilities, in which each frame weighs `FORGETTING` times as much as the one after it. The weights
sum to 1: frames of a track are alike, so ten of them are not ten witnesses. It knows no numpy: it runs where frames are
answered, on some tens of classes.
"""

import math
from array import array
from collections.abc import Sequence

FORGETTING = 0.95  # chosen on what training held back; docs/tracks.md
FLOOR = 1e-9  # no frame rules a class out for good


class Pool:
    """The frames of one track."""

    def __init__(self, forgetting: float = FORGETTING, floor: float = FLOOR) -> None:
        self.frames = 0
        self._forgetting, self._floor = forgetting, floor
        self._weight = 0.0  # of all frames so far, by that of the latest
        self._logs = array("d")  # their weighted mean, by class

    def add(self, probabilities: Sequence[float]) -> list[float]:
        """Takes a frame in.

        Args:
            probabilities: of K classes, the same each time.

        Returns:
            K probabilities of the track, which sum to 1.
        """
        logs = [math.log(max(each, self._floor)) for each in probabilities]
        if not self.frames:
            self._logs = array("d", logs)
        self.frames += 1
        self._weight = self._forgetting * self._weight + 1
        for index, each in enumerate(logs):
            self._logs[index] += (each - self._logs[index]) / self._weight
        powers = [math.exp(each) for each in self._logs]
        total = sum(powers)
        return [each / total for each in powers]
