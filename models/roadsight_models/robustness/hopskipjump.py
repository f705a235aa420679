"""HopSkipJump: walks along the boundary toward the clean picture, and is told decisions alone.

    start --bisect--> on the boundary --probe--> its normal --stride--> beyond it --bisect--> nearer on the boundary

Chen et al. 2019 (arXiv:1904.02144). Two things differ, since the served picture is uint8. The paper probes within a
small fraction of a grey level, which rounding would undo; here probes are noise of a quarter of what values have
changed by, and of one grey level at least. And in linf, where a clipped picture jumps a grey level in all its values at
once, it is then drawn straight toward the clean one, or all probes would say the same.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.criterion import Criterion, Flags
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.starts import find_starts
from roadsight_models.robustness.threat import Floats, ThreatModel, l2, linf
from roadsight_models.robustness.victim import BATCH, Victim, to_floats, to_pixels

HALVINGS = 12  # of the way to the clean picture: what is left of it is under a tenth of a grey level
LEVEL = 1 / 255
PROBE = 1 / 4  # noise of a probe, as a share of the root mean square of what the picture has changed by

Decide = Callable[[Floats], Flags]  # float32 [M, h, w, 3] -> bool [M]: which meet the criterion of one picture


@dataclass(frozen=True)
class HopSkipJump:
    """For each picture that a start is found for, rounds of probing, striding and bisecting; others come back clean.

    It heeds the norm of the threat model alone. It asks about a picture at most `starts` + 25 times before the first
    round, and probes * sqrt(r) + 36 times in round r.
    """

    rounds: int = 16
    probes: int = 100  # of the first round; the paper's B
    starts: int = 100  # blends that are tried to find a start

    name: ClassVar[str] = "hopskipjump"
    access: ClassVar[Access] = "decisions"
    norms: ClassVar[tuple[Norm, ...]] = ("linf", "l2")
    source: ClassVar[str] = "Chen et al. 2019, arXiv:1904.02144"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """See `Attack`."""
        pixels, found = find_starts(victim, clean, criterion, self.starts, rng)
        for i in np.flatnonzero(found).tolist():
            decide = _decisions(victim, criterion, i)
            pixels[i] = self._walk(decide, clean[i : i + 1], pixels[i : i + 1], threat, rng)[0]
        return pixels

    def _walk(
        self, decide: Decide, clean: Floats, start: Floats, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """The nearest picture found from a start, [1, h, w, 3]."""
        here = best = _bisected(decide, clean, start, threat.norm)
        for number in range(1, self.rounds + 1):
            noise = max(PROBE * float(l2(here - clean)[0]) / math.sqrt(here.size), LEVEL)
            normal = _normal(decide, here, np.float32(noise), int(self.probes * math.sqrt(number)), rng)
            size = threat.distance(here, clean) / math.sqrt(number)
            beyond = _stride(decide, here, threat.step(normal), float(size[0]))
            here = _bisected(decide, clean, beyond, threat.norm)
            if threat.distance(here, clean)[0] < threat.distance(best, clean)[0]:
                best = here
        return best


def _decisions(victim: Victim, criterion: Criterion, picture: int) -> Decide:
    return lambda tried: criterion.part(np.full(len(tried), picture)).reached(victim.logits(tried))


def _bisected(decide: Decide, clean: Floats, far: Floats, norm: Norm) -> Floats:
    """Between a picture that meets the criterion and the clean one, just before it is lost."""
    if norm == "linf":
        largest = np.float32(linf(far - clean)[0])
        far = _last(decide, lambda share: clean + (far - clean).clip(-share * largest, share * largest))
    return _last(decide, lambda share: clean + share * (far - clean))


def _last(decide: Decide, way: Callable[[np.float32], Floats]) -> Floats:
    """Where on a way, from 1 down to 0, the criterion is still met, as uint8 has it."""
    low, high = np.float32(0), np.float32(1)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if decide(way(middle))[0] else (middle, high)
    return _rounded(way(high))


def _normal(decide: Decide, here: Floats, noise: np.float32, probes: int, rng: np.random.Generator) -> Floats:
    """Which way the criterion is met: the mean of the changes that meet it less the mean of those that do not."""
    sums, counts = np.zeros((2, *here.shape[1:])), np.zeros(2)
    for start in range(0, probes, BATCH):
        draws = rng.standard_normal((min(BATCH, probes - start), *here.shape[1:]), np.float32)
        tried = _rounded((here + noise * draws).clip(0, 1))
        reached = decide(tried)
        for side in (0, 1):
            sums[side] += (tried - here)[reached == bool(side)].sum(0)
            counts[side] += (reached == bool(side)).sum()
    means = sums / np.maximum(counts, 1)[:, None, None, None]
    return np.asarray(means[1] - means[0], np.float32)[None]


def _stride(decide: Decide, here: Floats, direction: Floats, size: float) -> Floats:
    """As far as the criterion is met, from that size down by halves; not at all if it never is."""
    for _ in range(HALVINGS):
        there = (here + np.float32(size) * direction).clip(0, 1)
        if decide(there)[0]:
            return there
        size /= 2
    return here


def _rounded(pixels: Floats) -> Floats:
    return to_floats(to_pixels(pixels))
