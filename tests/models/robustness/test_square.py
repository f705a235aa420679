"""Random search by scores, on a linear model: it breaks what can be broken, and nothing else."""

import numpy as np
import pytest

from models.robustness import boundaries
from models.robustness.boundaries import VALUES
from models.robustness.colour_victim import fresh, sessions
from roadsight_models.frame import Pixels
from roadsight_models.robustness.harness import Trial, try_attack
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.square import Square
from roadsight_models.robustness.squares import SQUARES
from roadsight_models.robustness.threat import ThreatModel, l2
from roadsight_models.robustness.victim import Victim, to_floats
from roadsight_models.session import Outputs, Session

CLEAN, ORDER = boundaries.pictures(6)
SMALL = Square(queries=300)
each_norm = pytest.mark.parametrize("norm", ["linf", "l2"])


def within(norm: Norm, share: float, place: int = 1) -> ThreatModel:
    """A ball as large as that share of the way to the boundary; of the farthest picture over 1, else of the nearest."""
    ways = boundaries.half_gap(CLEAN, ORDER, place) * (1 if norm == "linf" else np.sqrt(VALUES))
    return ThreatModel(norm, share * (ways.max() if share > 1 else ways.min()))


def attacked(threat: ThreatModel, target: int | None = None, attack: Square = SMALL, seed: int = 0) -> Trial:
    rng = np.random.default_rng(seed)
    return try_attack(fresh(), CLEAN, boundaries.toward(ORDER, target), attack, threat, rng)


@pytest.mark.parametrize("target", [None, 1, 2])
@pytest.mark.parametrize(("norm", "share"), [("linf", 1.1), ("l2", 5.0)])
def test_what_can_be_broken_is(norm: Norm, share: float, target: int | None) -> None:
    """In l2 a hill comes with a hollow, which a mean hardly feels: no model is harder for it than this one."""
    trial = attacked(within(norm, share, target or 1), target)
    assert trial.outcome.reached.all()


@each_norm
@pytest.mark.parametrize("seed", range(3))
def test_what_can_t_be_broken_never_is_but_comes_nearer(norm: Norm, seed: int) -> None:
    trial = attacked(within(norm, 0.98), seed=seed)
    assert not trial.outcome.reached.any() and not trial.outcome.strayed.any()
    before, after = (np.sort(logits, 1) for logits in (trial.clean_logits, trial.outcome.logits))
    assert (after[:, 2] - after[:, 1] < before[:, 2] - before[:, 1]).all()


@each_norm
@pytest.mark.parametrize("share", [1.02, 1.2, 1.5])
def test_it_takes_nothing_for_a_success_that_rounding_into_the_ball_undoes(norm: Norm, share: float) -> None:
    clean, criterion, threat = to_floats(CLEAN), boundaries.toward(ORDER, None), within(norm, share)
    inner = threat.before_rounding(clean[0].size)  # as the harness has it
    pixels = SMALL.run(fresh(), clean, criterion, inner, np.random.default_rng(0))
    assert pixels.min() >= 0 and pixels.max() <= 1
    assert inner.allows(pixels, clean).all()
    outcome = attacked(threat).outcome
    np.testing.assert_array_equal(to_floats(outcome.frames), pixels)


@each_norm
def test_it_asks_no_more_than_it_may_and_not_of_what_is_broken(norm: Norm) -> None:
    criterion, rng = boundaries.toward(ORDER, None), np.random.default_rng(0)
    held, broken = fresh(), fresh()
    SMALL.run(held, to_floats(CLEAN), criterion, within(norm, 0.9), rng)
    assert held.queries == 300 * len(CLEAN)
    SMALL.run(broken, to_floats(CLEAN), criterion, within(norm, 5), rng)
    assert len(CLEAN) <= broken.queries < 150 * len(CLEAN)
    assert (held.steps, broken.steps) == (0, 0)


class Listening:
    """Serves, and keeps what it was asked."""

    def __init__(self, served: Session) -> None:
        self.asked: list[Pixels] = []
        self._served = served

    def run(self, frames: Pixels) -> Outputs:
        self.asked.append(frames.copy())
        return self._served.run(frames)


def test_the_square_becomes_smaller_as_autoattack_has_it() -> None:
    ear = Listening(sessions()[0])
    criterion, rng = boundaries.toward(ORDER[:1], None), np.random.default_rng(0)
    SMALL.run(Victim(ear), to_floats(CLEAN[:1]), criterion, within("linf", 0.9), rng)
    asked = np.concatenate(ear.asked)
    for first, last, side in ((1, 10, 14), (11, 50, 10), (51, 200, 7), (201, 299, 5)):  # sqrt(0.8 / 2^k * 256)
        pixels = [changed_from_one_before(asked, query) for query in range(first, last + 1)]
        assert 0.6 * side**2 < max(pixels) <= side**2


def changed_from_one_before(asked: Pixels, query: int) -> int:
    """How many pixels: the picture that it went on from is one of those that were asked about."""
    return int((asked[:query] != asked[query]).any(3).sum((1, 2)).min())


def test_the_same_seed_gives_the_same_pictures() -> None:
    first, again, other = (attacked(within("l2", 1.1), seed=seed).outcome.frames for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("side", [1, 2, 5, 14, 16])
@pytest.mark.parametrize("shape", [(16, 16, 3), (16, 24, 3), (17, 16, 3)])
def test_in_l2_all_of_epsilon_is_used_in_two_squares_and_what_was_elsewhere(
    shape: tuple[int, int, int], side: int
) -> None:
    rng = np.random.default_rng(side)
    before = SQUARES["l2"].start(shape, 0.7, rng)
    after = SQUARES["l2"].change(before, 0.7, side, rng)
    np.testing.assert_allclose(l2(np.stack([before, after])), 0.7, rtol=1e-5)
    scaled = np.isclose(after, before, rtol=1e-3, atol=1e-7).all(2)
    assert (~scaled).sum() <= 2 * max(side | 1, 3) ** 2


@pytest.mark.parametrize("shape", [(16, 16, 3), (9, 24, 3)])
def test_in_linf_every_value_is_epsilon_up_or_down(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    delta = SQUARES["linf"].start(shape, 0.25, rng)
    assert (delta == delta[:1]).all()  # upright stripes
    for side in (1, 4, 9):
        delta = SQUARES["linf"].change(delta, 0.25, side, rng)
        assert set(np.unique(delta)) == {-0.25, 0.25}
