"""Many small steps find what can be found, and no more are taken than are needed."""

import numpy as np
import pytest

from models.robustness.colour_victim import BLUE, NEEDED, SHORTEST, flat, fresh, named, not_red, reds, sessions
from models.robustness.listeners import Recorder
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.harness import try_attack
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.pgd import PGD
from roadsight_models.robustness.threat import Floats, ThreatModel, linf
from roadsight_models.robustness.victim import Victim, to_floats

EIGHT = ThreatModel("linf", 8 / 255)  # not enough for `reds`
TOUCHED = flat(129, 128, 0)  # one level is enough


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def spent(attack: PGD, clean: Floats, threat: ThreatModel = EIGHT) -> int:
    """How many pictures were differentiated."""
    attacked = fresh()
    attack.run(attacked, clean, not_red(len(clean)), threat, seeded())
    return attacked.steps


@pytest.mark.parametrize(
    ("norm", "criterion", "least", "less"),
    [
        ("linf", not_red(2), NEEDED / 255, 0.001),
        ("l2", not_red(2), SHORTEST, 0.001),
        ("linf", named(BLUE, 2), 77 / 255, 0.001),  # blue is 153 levels behind red, and closes in from both sides
    ],
    ids=["linf", "l2", "targeted"],
)
def test_it_finds_the_least_that_is_enough(norm: Norm, criterion: Criterion, least: float, less: float) -> None:
    for epsilon, broken in ((least, True), (least - less, False)):
        threat = ThreatModel(norm, epsilon + 1e-5)
        outcome = try_attack(fresh(), reds(2), criterion, PGD(steps=20, random_start=False), threat, seeded()).outcome
        assert outcome.reached.tolist() == [broken] * 2
        assert not outcome.strayed.any()


def test_without_a_random_start_one_whole_step_is_fgsm() -> None:
    clean, once = to_floats(reds(2)), PGD(steps=1, step=1, random_start=False)
    for threat in (EIGHT, ThreatModel("l2", 0.5)):
        ours, theirs = (attack.run(fresh(), clean, not_red(2), threat, seeded()) for attack in (once, FGSM()))
        np.testing.assert_array_equal(ours, theirs)


def test_without_one_it_is_the_same_for_every_seed_and_with_one_it_is_not() -> None:
    for random_start in (False, True):
        attack = PGD(steps=2, step=0.1, random_start=random_start)
        one, other = (attack.run(fresh(), to_floats(reds()), not_red(), EIGHT, seeded(seed)) for seed in (1, 2))
        assert (one == other).all() != random_start


@pytest.mark.parametrize(("steps", "step", "way"), [(5, 0.1, 0.5), (4, 0.1, 0.4), (10, None, 1), (1, None, 1)])
def test_a_step_is_a_share_of_epsilon(steps: int, step: float | None, way: float) -> None:
    clean = to_floats(reds())
    found = PGD(steps, step, random_start=False).run(fresh(), clean, not_red(), EIGHT, seeded())
    np.testing.assert_allclose(linf(found - clean), way * EIGHT.epsilon, rtol=1e-4)


def test_a_picture_that_meets_the_criterion_takes_no_further_steps() -> None:
    easy, hard = to_floats(TOUCHED), to_floats(reds())
    attack = PGD(steps=20, random_start=False)
    alone = spent(attack, easy)
    assert alone < 5
    assert spent(attack, hard) == 20
    assert spent(attack, np.concatenate([hard, easy, hard])) == 40 + alone


def test_only_pictures_that_withstood_are_tried_again() -> None:
    attack = PGD(steps=10, restarts=3, random_start=False)
    easy, hard = to_floats(TOUCHED), to_floats(reds())
    assert spent(attack, hard) == 30
    assert spent(attack, np.concatenate([easy, hard])) == 30 + spent(PGD(steps=10, random_start=False), easy)


@pytest.mark.parametrize("norm", PGD.norms)
def test_where_none_withstood_nothing_is_tried_again(norm: Norm) -> None:
    assert spent(PGD(steps=10, restarts=3), to_floats(TOUCHED), ThreatModel(norm, 0.5)) < 10


def test_every_restart_begins_elsewhere() -> None:
    served = Recorder(sessions()[0])
    attack = PGD(steps=1, restarts=4)
    attack.run(Victim(served, sessions()[1]), to_floats(reds()), not_red(), EIGHT, seeded())
    starts = {frames.tobytes() for frames in served.asked[::2]}  # then the point that the step led to
    assert len(starts) == 4


@pytest.mark.parametrize("norm", PGD.norms)
def test_no_point_on_the_way_is_outside_of_the_ball(norm: Norm) -> None:
    served, clean = Recorder(sessions()[0]), to_floats(reds(2))
    threat = ThreatModel(norm, 8 / 255)
    PGD(steps=5, restarts=2).run(Victim(served, sessions()[1]), clean, not_red(2), threat, seeded())
    assert len(served.asked) == 12
    rounded = 0.5 / 255 if norm == "linf" else 0.5 / 255 * clean[0].size ** 0.5
    for frames in served.asked:
        assert (threat.distance(to_floats(frames), clean) <= threat.epsilon + rounded + 1e-5).all()
