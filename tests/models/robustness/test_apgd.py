"""Auto-PGD needs no length of step: it finds what PGD finds, and what lies between two of its steps."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.robustness.colour_victim import BLUE, GREEN, NEEDED, SHORTEST, flat, fresh, named, not_red, reds, sessions
from models.robustness.listeners import Recorder, Told
from roadsight_models.frame import Pixels
from roadsight_models.gradient import Gradients
from roadsight_models.robustness.apgd import APGD, checkpoints
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.harness import Trial, try_attack
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim, to_floats
from roadsight_models.session import Outputs

EIGHT = ThreatModel("linf", 8 / 255)  # not enough for `reds`
TOUCHED = flat(129, 128, 0)  # one level is enough
ONES: Sequence[APGD] = (APGD(steps=30), APGD("dlr", 30), APGD("dlr", 30, targets=9))
each_one = pytest.mark.parametrize("attack", ONES, ids=["CE", "DLR", "T"])


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def spent(attack: APGD, clean: Pixels, criterion: Criterion) -> int:
    """How many pictures were differentiated."""
    attacked = fresh()
    attack.run(attacked, to_floats(clean), criterion, EIGHT, seeded())
    return attacked.steps


def tried(attack: APGD, threat: ThreatModel, criterion: Criterion) -> Trial:
    return try_attack(fresh(), reds(len(criterion.labels)), criterion, attack, threat, seeded())


@each_one
@pytest.mark.parametrize(("levels", "broken"), [(NEEDED - 1, False), (NEEDED, True)])
def test_it_finds_the_least_that_is_enough(attack: APGD, levels: int, broken: bool) -> None:
    outcome = tried(attack, ThreatModel("linf", levels / 255), not_red(2)).outcome
    assert outcome.reached.tolist() == [broken] * 2
    assert not outcome.strayed.any()


@each_one
@pytest.mark.parametrize(("share", "broken"), [(0.95, False), (1.05, True)])
def test_in_l2_too(attack: APGD, share: float, broken: bool) -> None:
    outcome = tried(attack, ThreatModel("l2", share * SHORTEST), not_red(2)).outcome
    assert outcome.reached.tolist() == [broken] * 2
    assert not outcome.strayed.any()


@each_one
def test_a_target_is_what_it_aims_at(attack: APGD) -> None:
    for levels, broken in ((76, False), (77, True)):
        outcome = tried(attack, ThreatModel("linf", levels / 255), named(BLUE)).outcome
        assert outcome.reached.tolist() == [broken]
    assert spent(attack, reds(2), named(BLUE, 2)) == 2 * attack.steps


def test_the_likeliest_other_classes_are_aimed_at_one_after_the_other() -> None:
    gradient = Told(sessions()[1])
    for targets, aimed in ((9, [GREEN, BLUE]), (2, [GREEN, BLUE]), (1, [GREEN])):
        gradient.cotangents.clear()
        attack = APGD("dlr", steps=4, targets=targets)
        attack.run(Victim(sessions()[0], gradient), to_floats(reds()), not_red(), EIGHT, seeded())
        assert [int(weights[0].argmax()) for weights in gradient.cotangents] == [one for one in aimed for _ in range(4)]


def test_a_picture_that_meets_the_criterion_takes_no_further_steps() -> None:
    for attack, turns in ((APGD(steps=20, restarts=3), 3), (APGD("dlr", 20, targets=9), 2)):
        alone = spent(attack, TOUCHED, not_red())
        assert alone < 5
        assert spent(attack, reds(), not_red()) == 20 * turns
        assert spent(attack, np.concatenate([reds(), TOUCHED, reds()]), not_red(3)) < 40 * turns + 5


def test_every_restart_begins_elsewhere() -> None:
    served = Recorder(sessions()[0])
    APGD(steps=1, restarts=4).run(Victim(served, sessions()[1]), to_floats(reds()), not_red(), EIGHT, seeded())
    assert len({frames.tobytes() for frames in served.asked[::2]}) == 4


class Peak:
    """A network whose first logit falls and rises with the brightness: lowest at one grey level, in every value."""

    def __init__(self, level: int) -> None:
        self._level = level
        self.asked: list[Pixels] = []

    def run(self, frames: Pixels) -> Outputs:
        self.asked.append(frames)
        away = np.abs(frames.astype(np.float32) - self._level).mean((1, 2, 3))
        logits = np.stack([1 + away, 0 * away], 1)
        return Outputs(logits, logits)


class Slopes:
    """Its gradient."""

    def __init__(self, level: int) -> None:
        self._level = level

    def run(self, pixels: Floats, cotangent: Floats) -> Gradients:
        up = np.sign(pixels * 255 - self._level)
        return Gradients(cotangent, np.asarray(up * cotangent[:, :1, None, None], np.float32))


@pytest.mark.parametrize("attack", [APGD(), APGD("dlr")], ids=lambda attack: attack.loss)
@pytest.mark.parametrize("level", [124, 128, 131])
def test_a_step_that_goes_back_and_forth_is_halved_until_the_best_between_is_found(attack: APGD, level: int) -> None:
    peak = Peak(level)
    best = attack.run(Victim(peak, Slopes(level)), to_floats(flat(128, 128, 128)), not_red(), EIGHT, seeded())
    assert np.abs(best * 255 - level).max() <= 1
    first, last = (np.abs(frames.astype(int) - level) for frames in (peak.asked[1], peak.asked[-1]))
    assert first.mean() > 2
    assert last.max() <= 1


def test_checkpoints_are_those_of_the_paper() -> None:
    assert checkpoints(100) == {0: 0, 22: 22, 41: 19, 57: 16, 70: 13, 80: 10, 87: 7, 93: 6, 99: 6}
    assert checkpoints(10) == {0: 0, 3: 3, 5: 2, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1}
    assert checkpoints(1) == {0: 0, 1: 1}


@given(st.integers(1, 2000))
def test_between_them_lies_every_step(steps: int) -> None:
    marks = checkpoints(steps)
    assert np.cumsum(list(marks.values())).tolist() == list(marks)
    assert 99 * steps <= 100 * max(marks) <= 100 * steps
