"""What weather, lens and sensor can do at their worst, and no worse than was allowed."""

import numpy as np
import pytest

from colours import SIDE, crops
from models.robustness.colour_victim import RED, flat, fresh, not_of
from models.robustness.linear import two_classes
from roadsight_models.errors import BadParameter
from roadsight_models.robustness.corrupted import NAMES, Corrupted
from roadsight_models.robustness.corruptions import corrupt
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.harness import try_attack
from roadsight_models.robustness.threat import ThreatModel

NO_BALL = ThreatModel("linf", 0)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_it_is_those_of_imagenet_c_and_none_of_our_own() -> None:
    assert len(NAMES) == 14 and "frost" not in NAMES and "low_light" not in NAMES


@pytest.mark.parametrize("severity", [0, 6, -1])
def test_a_severity_that_is_none_is_refused(severity: int) -> None:
    with pytest.raises(BadParameter, match=f"severity: {severity}: it goes from 1 to 5"):
        Corrupted(severity)


@pytest.mark.parametrize("severity", [1, 3])
def test_what_is_plainly_red_stays_so_through_all_of_them(severity: int) -> None:
    victim = fresh()
    trial = try_attack(victim, flat(200, 40, 40), not_of(RED), Corrupted(severity), NO_BALL, rng())
    assert not trial.outcome.reached[0]
    assert victim.queries == 1 + severity * len(NAMES) + 1


def test_the_mildest_severity_comes_first() -> None:
    """Any noise at all turns this model, so the first corruption at severity 1 is what it finds."""
    victim = two_classes(np.ones((SIDE, SIDE, 3)), 1e-3)
    trial = try_attack(victim, flat(0, 0, 0), not_of(0), Corrupted(), NO_BALL, rng(3))
    assert trial.outcome.reached[0] and trial.queries == 3
    np.testing.assert_array_equal(trial.outcome.frames[0], corrupt(flat(0, 0, 0)[0], NAMES[0], 1, rng(3)))


def test_a_picture_that_withstands_is_shown_at_its_worst() -> None:
    """Class 1 comes with brightness, so `brightness` is not the least that is found."""
    victim = two_classes(np.full((SIDE, SIDE, 3), 1 / (3 * SIDE**2)), 10)
    trial = try_attack(victim, crops(1), not_of(0), Corrupted(5), NO_BALL, rng())
    bright = victim.answers(corrupt(crops(1)[0], "brightness", 5, rng())[None])
    assert not trial.outcome.reached[0]
    assert trial.outcome.logits[0, 1] >= bright[0, 1] > trial.clean_logits[0, 1]


def test_the_same_seed_gives_the_same_pictures() -> None:
    frames = crops(3)
    criterion = Criterion(fresh().answers(frames).argmax(1))
    once, again, other = (
        try_attack(fresh(), frames, criterion, Corrupted(1), NO_BALL, rng(seed)).outcome.frames for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()
