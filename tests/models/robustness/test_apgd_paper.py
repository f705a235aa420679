"""Auto-PGD against algorithm 1 of Croce and Hein 2020, line by line for one picture, whose values are scripted."""

from collections.abc import Sequence

import numpy as np
import pytest

from models.robustness.colour_victim import not_red, reds
from roadsight_models.frame import Pixels
from roadsight_models.gradient import Gradients
from roadsight_models.robustness.apgd import APGD
from roadsight_models.robustness.losses import margin
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim, to_floats, to_pixels
from roadsight_models.session import Outputs

STEPS = 100
MARKS = [0, 22, 41, 57, 70, 80, 87, 93, 99]  # 0, 0.22, 0.41, ... of the steps
RHO, ALPHA = 0.75, 0.75
NOISE, WALK = np.random.default_rng(0).uniform(0, 9, (2, STEPS + 1))
SCRIPTS = {  # how far from success, call by call
    "noise": NOISE,
    "walk": np.abs(np.cumsum(WALK - WALK.mean())),
    "ever better": np.linspace(9, 1, STEPS + 1),
    "ever worse": np.linspace(1, 9, STEPS + 1),
    "the first is best, then it is worse and gains": np.r_[0, np.linspace(9, 1, STEPS)],
    "gains, falls back at 30 and gains again": np.r_[np.linspace(9, 1, 30), np.linspace(9, 2, STEPS - 29)],
}


class Scripted:
    """A session that is as far from success as its script says, whatever it is shown."""

    def __init__(self, script: Sequence[float]) -> None:
        self._left = list(script)
        self.asked: list[Pixels] = []

    def run(self, frames: Pixels) -> Outputs:
        self.asked.append(frames)
        logits = np.array([[1 + self._left.pop(0), 0, 0]], np.float32)
        return Outputs(logits, logits)


class Directions:
    """A gradient that points elsewhere at each call."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)

    def run(self, pixels: Floats, cotangent: Floats) -> Gradients:
        return Gradients(cotangent, self._rng.standard_normal(pixels.shape).astype(np.float32))


def algorithm_1(victim: Victim, clean: Floats, threat: ThreatModel, start: Floats) -> list[Floats]:
    """The points x(0), x(1), ... that it goes through; one that is sent back is there as it was before."""
    x = before = start
    step, top, passed = 2 * threat.epsilon, (-np.inf, x, x), []
    f: list[float] = []  # f(x(k)), after it was sent back
    gained: list[bool] = []  # from x(k) to x(k + 1)
    checked: dict[int, tuple[float, float]] = {}  # step and best value at a checkpoint
    for k in range(STEPS):
        _, (value,), gradient = victim.climb(x, not_red(), margin)
        passed.append(x)
        gained += [value > f[-1]] if f else []
        top = (value, x, gradient) if value > top[0] else top
        f.append(value)
        if k in MARKS:
            checked[k] = step, top[0]
        if k in MARKS[1:]:
            last = MARKS[MARKS.index(k) - 1]
            condition_1 = sum(gained[last:k]) < RHO * (k - last)
            condition_2 = checked[last] == checked[k]
            if condition_1 or condition_2:
                step, (f[-1], x, gradient) = step / 2, top
        z = threat.project(x + np.float32(step) * threat.step(gradient), clean)
        alpha = ALPHA if k else 1
        x, before = threat.project(x + alpha * (z - x) + (1 - alpha) * (x - before), clean), x
    return [*passed, x]


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_it_goes_through_the_points_of_the_paper(norm: Norm, script: str) -> None:
    clean, threat = to_floats(reds()), ThreatModel(norm, 0.1 if norm == "linf" else 2)
    start = threat.random_start(clean, np.random.default_rng(1))
    expected = algorithm_1(Victim(Scripted(SCRIPTS[script]), Directions()), clean, threat, start)
    served = Scripted(SCRIPTS[script])
    APGD("dlr").run(Victim(served, Directions()), clean, not_red(), threat, np.random.default_rng(1))
    np.testing.assert_array_equal(np.concatenate(served.asked), to_pixels(np.concatenate(expected)))
