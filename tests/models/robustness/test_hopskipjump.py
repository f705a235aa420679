"""A walk by decisions alone, on a linear model whose boundary is known."""

import math

import numpy as np
import pytest

from models.robustness import boundaries
from models.robustness.boundaries import VALUES
from models.robustness.colour_victim import fresh, sessions
from models.robustness.listeners import OneHot
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.harness import try_attack
from roadsight_models.robustness.hopskipjump import HALVINGS, HopSkipJump
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim, to_floats

CLEAN, ORDER = boundaries.pictures(3)
FAR = {"linf": ThreatModel("linf", 1), "l2": ThreatModel("l2", 1e3)}
SHORT = HopSkipJump(rounds=3, probes=20)
each_norm = pytest.mark.parametrize("norm", ["linf", "l2"])


def walked(victim: Victim, criterion: Criterion, norm: Norm, attack: HopSkipJump = SHORT) -> Floats:
    clean = to_floats(CLEAN[: len(criterion.labels)])
    return attack.run(victim, clean, criterion, FAR[norm], np.random.default_rng(0))


@pytest.mark.parametrize(("norm", "factor"), [("linf", 1.4), ("l2", 1.2)])
@pytest.mark.parametrize("target", [None, 2], ids=["any", "last"])
def test_it_comes_near_the_boundary_to_where_it_began(norm: Norm, factor: float, target: int | None) -> None:
    """With 5,000 questions a picture. It keeps to the class that it began in, which need not be the nearest."""
    criterion, rng = boundaries.toward(ORDER, target), np.random.default_rng(0)
    outcome = try_attack(fresh(), CLEAN, criterion, HopSkipJump(), FAR[norm], rng).outcome
    assert outcome.reached.all() and not outcome.strayed.any()
    place = (outcome.logits.argmax(1)[:, None] == ORDER).argmax(1)
    gaps = np.stack([boundaries.half_gap(CLEAN, ORDER, one) for one in range(3)], 1)
    nearest = gaps[range(len(CLEAN)), place] * (1 if norm == "linf" else math.sqrt(VALUES))
    distance = getattr(outcome, norm)
    assert (distance >= nearest - 1e-6).all()
    assert (distance <= factor * nearest).all()


@each_norm
@pytest.mark.parametrize("target", [None, 2])
def test_scores_are_nothing_to_it(norm: Norm, target: int | None) -> None:
    criterion = boundaries.toward(ORDER, target)
    by_scores = walked(fresh(), criterion, norm)
    np.testing.assert_array_equal(by_scores, walked(Victim(OneHot(sessions()[0])), criterion, norm))
    assert by_scores.min() >= 0 and by_scores.max() <= 1


@each_norm
def test_more_rounds_come_nearer(norm: Norm) -> None:
    clean, criterion = to_floats(CLEAN), boundaries.toward(ORDER, None)
    distances = [
        FAR[norm].distance(walked(fresh(), criterion, norm, HopSkipJump(rounds)), clean) for rounds in (0, 4, 16)
    ]
    assert (np.diff(distances, axis=0) <= 0).all()  # never farther than it was
    assert np.mean(distances[2]) < 0.95 * np.mean(distances[1]) < 0.9 * np.mean(distances[0])


@each_norm
def test_it_asks_no_more_than_it_says(norm: Norm) -> None:
    victim = fresh()
    walked(victim, boundaries.toward(ORDER, None), norm)
    rounds = sum(int(SHORT.probes * math.sqrt(number)) + 3 * HALVINGS for number in range(1, SHORT.rounds + 1))
    assert victim.queries <= len(CLEAN) * (SHORT.starts + 25 + rounds)
    assert victim.steps == 0


def test_a_picture_without_a_start_comes_back_clean() -> None:
    victim, alone = fresh(), boundaries.toward(ORDER[:1], 2)
    pixels = walked(victim, alone, "l2", HopSkipJump(starts=0))
    np.testing.assert_array_equal(pixels, to_floats(CLEAN[:1]))
    assert victim.queries == 1


@pytest.mark.parametrize("target", [None, 1, 2])
def test_noise_is_a_start_for_a_picture_alone(target: int | None) -> None:
    criterion, victim = boundaries.toward(ORDER[:1], target), fresh()
    assert criterion.reached(victim.logits(walked(victim, criterion, "l2"))).all()


def test_another_picture_is_a_start_where_noise_is_not_tried() -> None:
    """Of a red and a green picture each is the other's target."""
    levels = np.array([[[[200, 60, 30]]], [[[60, 200, 30]]]], np.uint8)
    clean = to_floats(np.broadcast_to(levels, (2, 16, 16, 3)))
    criterion, victim = Criterion(np.array([0, 1]), np.array([1, 0])), fresh()
    attack = HopSkipJump(rounds=1, probes=20, starts=0)
    pixels = attack.run(victim, clean, criterion, FAR["l2"], np.random.default_rng(0))
    assert criterion.reached(victim.logits(pixels)).all()
    assert (FAR["l2"].distance(pixels, clean) < FAR["l2"].distance(clean[::-1], clean)).all()
