"""An attack is given the pictures that need one, and believed nothing."""

from collections.abc import Callable

import numpy as np
import pytest

import colours
from models.robustness.cheat import Cheat, Mover
from models.robustness.colour_victim import NEEDED, flat, fresh, not_red, reds, sessions
from models.robustness.listeners import Recorder
from roadsight_models.errors import BadParameter
from roadsight_models.frame import Pixels
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.harness import Trial, try_attack
from roadsight_models.robustness.pgd import PGD
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim, to_floats

GREEN = flat(0, 255, 0)


def tried(attack: Attack, levels: float, clean: Pixels | None = None, seed: int = 0) -> Trial:
    clean = reds() if clean is None else clean
    rng = np.random.default_rng(seed)
    return try_attack(fresh(), clean, not_red(len(clean)), attack, ThreatModel("linf", levels / 255), rng)


def test_pictures_that_meet_the_criterion_are_left_alone() -> None:
    clean = np.concatenate([GREEN, reds(), GREEN])
    cheat = Cheat(lambda pixels: pixels * 0)
    trial = tried(cheat, 255, clean)
    ((given, criterion, _),) = cheat.given
    np.testing.assert_array_equal(given, to_floats(reds()))
    assert len(criterion.labels) == 1
    assert trial.already.tolist() == [True, False, True]
    assert trial.outcome.reached.tolist() == [True, False, True]
    assert not trial.outcome.linf[trial.already].any()
    np.testing.assert_array_equal(trial.outcome.frames[[0, 2]], clean[[0, 2]])


def test_where_all_do_nothing_is_attacked() -> None:
    cheat = Cheat(lambda pixels: pixels)
    trial = tried(cheat, 8, np.concatenate([GREEN, GREEN]))
    assert not cheat.given
    assert trial.outcome.reached.all()
    assert (trial.queries, trial.steps) == (4, 0)


def test_what_was_wanted_goes_with_its_picture() -> None:
    clean = np.concatenate([GREEN, reds(2)])
    cheat = Cheat(lambda pixels: pixels)
    wanted = Criterion(np.array([1, 0, 0]), np.array([1, 2, 1]))
    try_attack(fresh(), clean, wanted, cheat, ThreatModel("linf", 0.1), np.random.default_rng(0))
    ((_, part, _),) = cheat.given
    assert part.targets is not None
    assert (part.labels.tolist(), part.targets.tolist()) == ([0, 0], [2, 1])


@pytest.mark.parametrize(
    "give",
    [
        lambda pixels: (
            np.zeros_like(pixels) + np.array([0, 1, 0], np.float32)
        ),  # outside of the ball, and a success there
        lambda pixels: pixels + np.array([-0.5, 0.5, 0], np.float32),
        lambda pixels: 255 * (1 - pixels),  # the wrong unit
        lambda pixels: pixels * np.nan,
        lambda pixels: np.full_like(pixels, np.inf),
    ],
    ids=["another picture", "too far", "grey levels", "NaN", "infinite"],
)
def test_an_attack_that_cheats_is_caught(give: Callable[[Floats], Floats]) -> None:
    trial = tried(Cheat(give), 8, reds(2))
    assert trial.outcome.strayed.all()
    assert not trial.outcome.reached.any()
    assert trial.outcome.linf.max() <= 8 / 255 + 1e-6


def test_pictures_that_an_attack_writes_over_are_measured_from_the_clean_ones() -> None:
    def overwrite(pixels: Floats) -> Floats:
        pixels[:] = to_floats(GREEN)
        return pixels

    clean = reds(2)
    trial = tried(Cheat(overwrite), 8, clean)
    np.testing.assert_array_equal(clean, reds(2))
    assert trial.outcome.strayed.all() and not trial.outcome.reached.any()


def test_a_norm_that_an_attack_does_not_know_is_refused_before_anything_is_asked() -> None:
    attacked = fresh()
    with pytest.raises(BadParameter, match="norm: fgsm knows linf, l2, not l0"):
        try_attack(attacked, reds(), not_red(), FGSM(), ThreatModel("l0", 0.1), np.random.default_rng(0))
    assert attacked.queries == 0


def test_an_attack_that_knows_no_norm_has_no_ball() -> None:
    trial = tried(Mover(lambda pixels: np.zeros_like(pixels) + to_floats(GREEN)), 0)
    assert trial.outcome.reached.all() and not trial.outcome.strayed.any()


@pytest.mark.parametrize("attack", [FGSM(), PGD(steps=10)], ids=lambda attack: attack.name)
@pytest.mark.parametrize(("levels", "broken"), [(NEEDED - 1, 0), (NEEDED - 0.01, 0), (NEEDED, 1)])
def test_what_is_broken_is_what_can_be(attack: Attack, levels: float, broken: int) -> None:
    trial = tried(attack, levels, reds(3))
    assert trial.outcome.reached.tolist() == [bool(broken)] * 3
    assert not trial.outcome.strayed.any()


def test_an_attack_is_told_what_is_left_of_the_ball_for_whole_grey_levels() -> None:
    cheat = Cheat(lambda pixels: pixels)
    tried(cheat, 7.9)
    ((_, _, threat),) = cheat.given
    assert threat == ThreatModel("linf", 7.9 / 255).before_rounding(reds().size) == ThreatModel("linf", 7 / 255)


def test_what_it_cost_is_told_of_this_trial_alone() -> None:
    attacked, rng = fresh(), np.random.default_rng(0)
    for _ in range(2):
        trial = try_attack(attacked, reds(3), not_red(3), FGSM(), ThreatModel("linf", 0.01), rng)
        assert (trial.queries, trial.steps) == (3 + 3 + 3, 3)  # clean, attacked, verified
        assert trial.seconds > 0
    assert attacked.queries == 18


def test_the_same_seed_gives_the_same_pictures() -> None:
    one, again, other = (tried(PGD(steps=2, step=0.1), 8, reds(4), seed).outcome.frames for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


@pytest.mark.parametrize("quality", [None, 20])
def test_what_is_found_is_verified_through_a_jpeg_file_if_it_is_to_be(quality: int | None) -> None:
    served, clean = Recorder(sessions()[0]), colours.crops(1)
    label = Criterion(colours.answers(clean).argmax(1))
    threat, rng = ThreatModel("linf", 0.001), np.random.default_rng(0)
    found = try_attack(Victim(served), clean, label, Cheat(lambda pixels: pixels), threat, rng, quality).outcome
    np.testing.assert_array_equal(found.frames, clean)
    assert (served.asked[-1] == clean).all() == (quality is None)
