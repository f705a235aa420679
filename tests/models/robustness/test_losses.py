"""The slope that an attack climbs is that of its loss, and is there however sure the network is."""

from typing import NamedTuple, cast

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.robustness.colour_victim import GREEN, RED, not_red, reds, sessions
from models.robustness.listeners import Says, Told
from roadsight_models.robustness.criterion import Criterion, Logits
from roadsight_models.robustness.losses import Loss, Values, cross_entropy, dlr, margin
from roadsight_models.robustness.victim import Victim, to_floats

LOSSES = [cross_entropy, margin, dlr]
STEP = 1e-5
each_loss = pytest.mark.parametrize("loss", LOSSES)
either = pytest.mark.parametrize("targeted", [False, True], ids=["untargeted", "targeted"])


class Case(NamedTuple):
    """Logits, and what is wanted."""

    logits: Values
    label: int
    target: int

    def criterion(self, count: int, targeted: bool) -> Criterion:
        return Criterion(np.full(count, self.label), np.full(count, self.target) if targeted else None)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Two to seven logits of which no two are so near that a step would change their order."""
    order = draw(st.permutations(range(draw(st.integers(2, 7)))))
    rest = draw(st.lists(st.floats(0, 0.5), min_size=len(order), max_size=len(order)))
    scale = draw(st.sampled_from([0.1, 1, 5]))
    label, target, *_ = draw(st.permutations(range(len(order))))
    return Case(scale * (np.array(order) + rest), label, target)


def value(loss: Loss, rows: Values, criterion: Criterion) -> Values:
    """In float64, which float32 logits are turned into: their own steps would be too coarse."""
    return loss(cast(Logits, rows), criterion).values


@each_loss
@either
@settings(max_examples=200)
@given(case=cases())
def test_the_cotangent_is_the_slope_of_the_value(loss: Loss, targeted: bool, case: Case) -> None:
    count = len(case.logits)
    criterion, steps = case.criterion(count, targeted), STEP * np.eye(count)
    measured = (value(loss, case.logits + steps, criterion) - value(loss, case.logits - steps, criterion)) / (2 * STEP)
    slope = loss(cast(Logits, case.logits[None]), case.criterion(1, targeted)).cotangent[0]
    np.testing.assert_allclose(slope, measured, atol=1e-6 * max(1, np.abs(slope).max()))


@each_loss
@either
@settings(max_examples=100)
@given(case=cases())
def test_no_picture_s_loss_hangs_on_its_company(loss: Loss, targeted: bool, case: Case) -> None:
    rows = np.asarray([case.logits, case.logits[::-1], 2 * case.logits], np.float32)
    together = loss(rows, case.criterion(3, targeted))
    for row in range(3):
        alone = loss(rows[row : row + 1], case.criterion(1, targeted))
        np.testing.assert_array_equal(alone.values[0], together.values[row])
        np.testing.assert_array_equal(alone.cotangent[0], together.cotangent[row])


@either
@settings(max_examples=100)
@given(case=cases())
def test_over_a_margin_of_nothing_the_criterion_is_reached(targeted: bool, case: Case) -> None:
    rows, criterion = np.asarray(case.logits[None], np.float32), case.criterion(1, targeted)
    assert (margin(rows, criterion).values > 0).tolist() == criterion.reached(rows).tolist()


def test_values_are_those_of_the_papers() -> None:
    logits = np.log(np.array([[8, 4, 2, 1, 1]], np.float32))
    two = np.log(2)
    true, other = Criterion(np.array([0])), Criterion(np.array([0]), np.array([2]))
    for loss, criterion, expected in (
        (cross_entropy, true, two),  # -log(8 / 16)
        (cross_entropy, other, -3 * two),  # log(2 / 16)
        (margin, true, -two),
        (margin, other, -2 * two),
        (dlr, true, -1 / 2),  # -(z1 - z2) / (z1 - z3)
        (dlr, other, -2 / 2.5),  # -(z1 - z3) / (z1 - (z3 + z4) / 2)
    ):
        assert loss(logits, criterion).values == pytest.approx([expected])


@settings(max_examples=100)
@given(case=cases(), targeted=st.booleans(), scale=st.sampled_from([1e-3, 1e3]), shift=st.floats(-100, 100))
def test_no_scale_or_shift_of_the_logits_hides_anything_from_dlr(
    case: Case, targeted: bool, scale: float, shift: float
) -> None:
    assume(len(case.logits) >= 4)
    criterion = case.criterion(1, targeted)
    plain = value(dlr, case.logits[None], criterion)
    np.testing.assert_allclose(value(dlr, scale * case.logits[None] + shift, criterion), plain, atol=1e-6)


@pytest.mark.parametrize(("classes", "targeted"), [(2, False), (2, True), (3, True)])
def test_with_too_few_classes_for_it_dlr_is_the_margin(classes: int, targeted: bool) -> None:
    rows = np.arange(classes, dtype=np.float32)[None]
    criterion = Criterion(np.array([1]), np.array([0]) if targeted else None)
    for ours, theirs in zip(dlr(rows, criterion), margin(rows, criterion), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@each_loss
@either
def test_equal_logits_have_a_finite_loss_and_slope(loss: Loss, targeted: bool) -> None:
    found = loss(np.ones((1, 5), np.float32), Criterion(np.array([1]), np.array([3]) if targeted else None))
    assert np.isfinite(found.values).all()
    assert np.isfinite(found.cotangent).all()


@pytest.mark.parametrize("lead", [20, 100, 600])
def test_however_sure_the_network_its_cross_entropy_has_a_slope(lead: float) -> None:
    logits = np.array([[lead, 0, -1]], np.float32)
    slope = cross_entropy(logits, Criterion(np.array([0]))).cotangent[0]
    assert slope[0] < 0 < slope[2] < slope[1]
    assert slope.sum() == pytest.approx(0, abs=1e-9 * slope[1])


@pytest.mark.parametrize("lead", [1, 20, 100, 600])
def test_a_slope_too_small_for_float32_reaches_the_pixels(lead: float) -> None:
    gradient = Told(sessions()[1])
    victim = Victim(Says((lead, 0, -1)), gradient)
    slope = victim.climb(to_floats(reds()), not_red(), cross_entropy)
    (cotangent,) = gradient.cotangents
    assert np.abs(cotangent).max() == 1
    assert (slope.gradient[..., RED] < 0).all() and (slope.gradient[..., GREEN] > 0).all()
