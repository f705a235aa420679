"""The nearest adversarial picture, where it is known which that is: on a linear model."""

import numpy as np
import pytest

from models.robustness import boundaries
from models.robustness.boundaries import VALUES
from models.robustness.colour_victim import fresh
from roadsight_models.robustness.fmn import FMN
from roadsight_models.robustness.harness import try_attack
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel, l0
from roadsight_models.robustness.victim import to_floats

CLEAN, ORDER = boundaries.pictures(6)
FAR = {"linf": ThreatModel("linf", 1), "l2": ThreatModel("l2", 1e3), "l0": ThreatModel("l0", 1)}
RNG = np.random.default_rng(0)
toward_each = pytest.mark.parametrize(("target", "place"), [(None, 1), (1, 1), (2, 2)], ids=["any", "next", "last"])


def found(norm: Norm, target: int | None = None, attack: FMN | None = None) -> Floats:
    criterion = boundaries.toward(ORDER, target)
    return (attack or FMN()).run(fresh(), to_floats(CLEAN), criterion, FAR[norm], RNG)


@toward_each
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_its_distance_is_the_closed_form_within_rounding(norm: Norm, target: int | None, place: int) -> None:
    levels = boundaries.half_gap(CLEAN, ORDER, place) * 255
    per_level = (1 if norm == "linf" else np.sqrt(VALUES)) / 255
    pixels = found(norm, target)
    assert pixels.min() >= 0 and pixels.max() <= 1
    before_rounding = FAR[norm].distance(pixels, to_floats(CLEAN)) / per_level
    assert (before_rounding > levels - 0.5).all() and (before_rounding < np.ceil(levels) + 0.51).all()
    outcome = try_attack(fresh(), CLEAN, boundaries.toward(ORDER, target), FMN(), FAR[norm], RNG).outcome
    assert outcome.reached.all() and not outcome.strayed.any()
    # All values change alike, so the shortest way that uint8 has is the next whole level.
    np.testing.assert_allclose(getattr(outcome, norm) / per_level, np.ceil(levels), rtol=1e-5)


def test_in_l0_it_changes_hardly_more_pixels_than_it_must() -> None:
    criterion = boundaries.toward(ORDER, None)
    outcome = try_attack(fresh(), CLEAN, criterion, FMN(), FAR["l0"], RNG).outcome
    assert outcome.reached.all()
    for picture, order, share in zip(CLEAN.astype(int), ORDER, outcome.l0, strict=True):
        first, second = picture[..., order[0]].ravel(), picture[..., order[1]].ravel()
        gains = np.sort(first + 255 - second)[::-1].cumsum()  # of pixels that go all the way, most useful first
        fewest = 1 + np.searchsorted(gains, (first - second).sum())
        assert fewest <= share * len(first) <= 1.05 * fewest


def test_what_it_finds_lies_in_the_ball_that_it_found_and_in_no_smaller_one() -> None:
    criterion = boundaries.toward(ORDER, None)
    distance = try_attack(fresh(), CLEAN, criterion, FMN(), FAR["linf"], RNG).outcome.linf
    for share, reached in ((1.0, True), (0.95, False)):
        for i in range(len(CLEAN)):
            part, threat = criterion.part(np.array([i])), ThreatModel("linf", share * distance[i])
            trial = try_attack(fresh(), CLEAN[i : i + 1], part, FMN(), threat, RNG)
            assert trial.outcome.reached[0] == reached


@pytest.mark.parametrize("norm", ["linf", "l2", "l0"])
def test_epsilon_is_nothing_to_it(norm: Norm) -> None:
    criterion = boundaries.toward(ORDER, None)
    small = FMN().run(fresh(), to_floats(CLEAN), criterion, ThreatModel(norm, 0.001), RNG)
    np.testing.assert_array_equal(small, found(norm))


def test_each_step_is_a_gradient_and_a_query_of_each_picture() -> None:
    victim = fresh()
    FMN(steps=7).run(victim, to_floats(CLEAN), boundaries.toward(ORDER, None), FAR["l2"], RNG)
    assert (victim.steps, victim.queries) == (7 * len(CLEAN), 7 * len(CLEAN))


def test_what_it_never_saw_adversarial_comes_back_clean() -> None:
    only_looks = found("l2", attack=FMN(steps=1))
    np.testing.assert_array_equal(only_looks, to_floats(CLEAN))


def test_a_picture_on_the_boundary_has_no_margin_to_lose_and_is_moved_all_the_same() -> None:
    """Red and green alike: the answer is red, the first of them, and the margin is 0."""
    clean = np.full((1, 16, 16, 3), (90, 90, 20), np.uint8)
    criterion = boundaries.toward(np.array([[0, 1, 2]]), None)
    norms: tuple[Norm, ...] = ("linf", "l2", "l0")
    for norm in norms:
        outcome = try_attack(fresh(), clean, criterion, FMN(), FAR[norm], RNG).outcome
        assert outcome.reached.all()
        assert outcome.linf[0] <= 1 / 255 + 1e-6 or norm == "l0"
        assert l0(to_floats(outcome.frames) - to_floats(clean))[0] <= 1 / 256 or norm != "l0"
