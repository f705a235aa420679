"""One step, as far as the ball allows."""

import numpy as np
import pytest

from models.robustness.colour_victim import BLUE, flat, fresh, named, not_red, reds, sessions
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.losses import cross_entropy
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel, l2
from roadsight_models.robustness.victim import Victim, to_floats

TOLERANCE = 1e-6  # of float32


def moved(criterion: Criterion, norm: Norm, epsilon: float) -> Floats:
    """How far each value of red pictures moves."""
    clean = to_floats(reds(len(criterion.labels)))
    return FGSM().run(fresh(), clean, criterion, ThreatModel(norm, epsilon), np.random.default_rng(0)) - clean


def test_each_value_goes_as_far_as_it_may_away_from_the_true_class() -> None:
    np.testing.assert_allclose(
        moved(not_red(2), "linf", 0.1), np.broadcast_to([-0.1, 0.1, 0.1], (2, 16, 16, 3)), atol=TOLERANCE
    )


def test_or_toward_the_one_that_is_wanted() -> None:
    np.testing.assert_allclose(
        moved(named(BLUE), "linf", 0.1), np.broadcast_to([-0.1, -0.1, 0.1], (1, 16, 16, 3)), atol=TOLERANCE
    )


@pytest.mark.parametrize("criterion", [not_red(), named(BLUE)], ids=["untargeted", "targeted"])
def test_in_l2_it_goes_along_the_gradient(criterion: Criterion) -> None:
    delta = moved(criterion, "l2", 0.3)
    gradient = fresh().climb(to_floats(reds()), criterion, cross_entropy).gradient
    np.testing.assert_allclose(l2(delta), 0.3, rtol=1e-4)
    np.testing.assert_allclose((delta * gradient).sum(), 0.3 * l2(gradient)[0], rtol=1e-4)


def test_what_comes_out_is_a_picture() -> None:
    clean = to_floats(flat(250, 3, 0))
    found = FGSM().run(fresh(), clean, not_red(), ThreatModel("linf", 0.9), np.random.default_rng(0))
    assert found.min() == pytest.approx(250 / 255 - 0.9)
    assert found.max() == pytest.approx(3 / 255 + 0.9)
    assert found.dtype == np.float32


def test_it_costs_one_gradient_and_draws_nothing() -> None:
    attacked, rng = Victim(*sessions()), np.random.default_rng(0)
    FGSM().run(attacked, to_floats(reds(3)), not_red(3), ThreatModel("linf", 0.1), rng)
    assert (attacked.queries, attacked.steps) == (3, 3)
    assert rng.random() == np.random.default_rng(0).random()
