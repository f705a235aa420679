"""Who is told of feature squeezing: what he asks, what he keeps, and that he stays within his ball."""

import numpy as np
import pytest

from colours import SIDE, crops
from models.robustness.colour_victim import BLUE, LEAD, NEEDED, SHORTEST, fresh, named, not_of, not_red, reds, sessions
from models.robustness.linear import weighted
from roadsight_models.errors import BadParameter
from roadsight_models.probabilities import softmax
from roadsight_models.robustness import adaptive
from roadsight_models.robustness.adaptive import BACKWARD, Adaptive, spread
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.harness import try_attack
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.squeezing import SQUEEZERS
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.victim import Victim, to_floats

EIGHT = ThreatModel("linf", 8 / 255)


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("norm", "criterion", "enough", "too_little"),
    [
        ("linf", not_red(2), NEEDED / 255, (NEEDED - 1) / 255),
        ("l2", not_red(2), SHORTEST + 0.01, SHORTEST * LEAD / 2 / NEEDED - 0.01),
        ("linf", named(BLUE, 2), 77 / 255, 76 / 255),
    ],
    ids=["linf", "l2", "targeted"],
)
def test_where_detail_plays_no_part_it_finds_what_pgd_finds(
    norm: Norm, criterion: Criterion, enough: float, too_little: float
) -> None:
    for epsilon, broken in ((enough, True), (too_little, False)):
        outcome = try_attack(fresh(), reds(2), criterion, Adaptive(), ThreatModel(norm, epsilon), seeded()).outcome
        assert outcome.reached.tolist() == [broken] * 2
        assert not outcome.strayed.any()


def test_each_squeezer_has_a_way_back() -> None:
    assert BACKWARD.keys() == SQUEEZERS.keys()


def test_a_step_costs_a_question_for_each_view_and_a_gradient_for_each_term() -> None:
    asked = fresh()
    Adaptive(steps=3, restarts=2).run(asked, to_floats(reds(5)), not_red(5), EIGHT, seeded())
    assert asked.steps == 5 * 2 * 3 * (2 + len(SQUEEZERS))
    assert asked.queries == 5 * 2 * (3 + 1) * (1 + len(SQUEEZERS))


def test_the_same_seed_gives_the_same_pictures() -> None:
    one, again, other = (
        Adaptive(steps=2, step=0.1).run(fresh(), to_floats(reds()), not_red(), EIGHT, seeded(seed))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_cotangent_of_probabilities_is_the_slope_of_the_softmax() -> None:
    rng = seeded()
    logits, weights = rng.normal(size=(4, 6)), rng.choice([-1.0, 0.0, 1.0], (4, 6))
    found = adaptive._carried(softmax(logits), weights)  # type: ignore[arg-type]  # float64, to tell differences
    for column in range(6):
        step = 1e-6 * np.eye(6)[column]
        rise = (softmax(logits + step) - softmax(logits - step)) / 2e-6
        np.testing.assert_allclose(found[:, column], (rise * weights).sum(1), atol=1e-9)


def test_of_a_network_that_is_sure_a_slope_is_left() -> None:
    found = adaptive._carried(softmax(np.array([[200.0, 0.0, 1.0]])), np.array([[1.0, -1.0, -1.0]]))
    assert (found != 0).all()


def test_the_way_back_through_the_median_is_a_mean() -> None:
    spot = np.zeros((2, 7, 7, 3), np.float32)
    spot[0, 3, 3, 1] = 9
    np.testing.assert_allclose(spread(spot)[0, 2:5, 2:5, 1], 1, rtol=1e-6)
    assert spread(spot).sum() == pytest.approx(9)
    flat = np.full((1, 5, 5, 3), 0.5, np.float32)
    np.testing.assert_allclose(spread(flat), flat)


def test_without_a_gradient_it_is_refused() -> None:
    with pytest.raises(BadParameter, match="published without a gradient"):
        Adaptive(steps=1).run(Victim(sessions()[0]), to_floats(reds()), not_red(), EIGHT, seeded())


def test_logits_that_are_not_finite_end_nothing() -> None:
    overflowing = weighted(np.zeros((3, SIDE, SIDE, 3)), [0, np.inf, 0])
    found = Adaptive(steps=2).run(overflowing, to_floats(crops(2)), not_of(0, 2), EIGHT, seeded())
    assert np.isfinite(found).all()
