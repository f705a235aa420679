"""A certificate is a proof, or it is not given: the bound is the textbook's, and no radius passes a known border."""

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colours import SIDE
from models.robustness.colour_victim import BLUE, GREEN, RED, flat, fresh
from models.robustness.linear import weighted
from roadsight_models.errors import BadParameter
from roadsight_models.frame import Pixels
from roadsight_models.robustness.certificate import Certificate, Smoothing
from roadsight_models.robustness.smoothing import certify, clopper_pearson
from roadsight_models.robustness.victim import Victim

stats: Any = pytest.importorskip("scipy.stats", reason="the extra `training` brings it")

SIGMA, N, ALPHA = 0.1, 1000, 0.001


def certificate(frames: Pixels, seed: int = 0, victim: Victim | None = None, n: int = N) -> Certificate:
    return certify(victim or fresh(), frames[0], Smoothing(SIGMA, 100, n, ALPHA), np.random.default_rng(seed))


@settings(max_examples=200)
@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(1e-6, 0.5))
def test_the_bound_is_scipy_s(hits_of_n: tuple[int, int], alpha: float) -> None:
    hits, n = hits_of_n
    expected = stats.beta.ppf(alpha, hits, n - hits + 1) if hits else 0.0
    assert clopper_pearson(hits, n, alpha) == pytest.approx(expected, rel=1e-7, abs=1e-12)


def test_the_bound_of_as_many_as_the_paper_took_is_scipy_s() -> None:
    for hits in (50_200, 99_000, 100_000):
        expected = stats.beta.ppf(ALPHA, hits, 100_000 - hits + 1)
        assert clopper_pearson(hits, 100_000, ALPHA) == pytest.approx(expected, rel=1e-7)


def test_the_bound_of_all_hits_is_a_root() -> None:
    assert clopper_pearson(50, 50, 0.001) == pytest.approx(0.001 ** (1 / 50), rel=1e-12)


@pytest.mark.parametrize("share", [0.03, 0.5, 0.51, 0.9, 0.999])
def test_the_bound_is_too_high_no_more_often_than_alpha(share: float) -> None:
    n, alpha = 60, 0.01
    too_high = [hits for hits in range(n + 1) if clopper_pearson(hits, n, alpha) > share]
    assert stats.binom.pmf(too_high, n, share).sum() <= alpha + 1e-12


@pytest.mark.parametrize("lead", [1, 2, 3, 5, 8, 20])
def test_no_certificate_passes_the_border_of_a_linear_model(lead: int) -> None:
    """Red leads by so many levels on all 256 pixels; on the shortest way to the border red and green change alike."""
    distance = lead / 255 * SIDE / math.sqrt(2)
    for seed in range(3):
        found = certificate(flat(128 + lead, 128, 60), seed)
        assert found.label in (RED, None)
        assert found.radius <= distance


def test_a_certificate_is_not_far_from_the_border_either() -> None:
    distance = 3 / 255 * SIDE / math.sqrt(2)  # 1.3 sigma
    assert certificate(flat(131, 128, 60)).radius > 0.75 * distance


@pytest.mark.parametrize("colour", [(128, 128, 60), (60, 128, 128)])
def test_where_the_vote_is_split_it_abstains(colour: tuple[int, int, int]) -> None:
    for seed in range(5):
        found = certificate(flat(*colour), seed)
        assert found.label is None and found.radius == 0 and 0.3 < found.share <= 0.5


def test_most_votes_are_not_enough_if_they_are_not_half_of_them() -> None:
    found = certificate(flat(128, 128, 128))
    assert found.label is None and 0.2 < found.share < 0.45


def test_so_many_pictures_prove_so_much_and_no_more() -> None:
    found = certificate(flat(60, 60, 250), n=200)
    assert found.label == BLUE
    assert found.radius == pytest.approx(SIGMA * NormalDist().inv_cdf(ALPHA ** (1 / 200)), rel=1e-9)


def test_it_takes_as_many_pictures_as_it_is_told() -> None:
    victim = fresh()
    certify(victim, flat(60, 200, 60)[0], Smoothing(n0=7, n=33), np.random.default_rng(0))
    assert victim.queries == 7 + 33


def test_by_default_it_takes_500_pictures() -> None:
    assert Smoothing().n0 + Smoothing().n == 500


def test_the_votes_are_those_that_the_share_follows_from() -> None:
    for found in (certificate(flat(131, 128, 60)), certificate(flat(128, 128, 60))):
        assert 0 < found.votes < N
        assert found.share == clopper_pearson(found.votes, N, ALPHA) < found.votes / N


def test_the_same_seed_gives_the_same_certificate() -> None:
    frames = flat(130, 128, 60)
    assert certificate(frames, 4) == certificate(frames, 4)
    assert len({certificate(frames, seed).share for seed in range(4)}) > 1


def test_pictures_at_the_ends_of_the_scale_wrap_nowhere() -> None:
    assert certificate(flat(255, 0, 0), n=100).label == RED
    assert certificate(flat(0, 255, 255 // 2), n=100).label == GREEN


def test_logits_that_are_not_finite_vote_for_nothing() -> None:
    overflowing = weighted(np.full((2, SIDE, SIDE, 3), 1.0), [np.inf, 0])
    found = certificate(flat(200, 60, 60), victim=overflowing, n=50)
    assert found == Certificate(Smoothing(SIGMA, 100, 50, ALPHA), None, 0.0, 0, 0.0)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"sigma": 0.0}, "sigma"),
        ({"sigma": -1.0}, "sigma"),
        ({"sigma": 1.01}, "sigma"),
        ({"sigma": math.nan}, "sigma"),
        ({"sigma": math.inf}, "sigma"),
        ({"n0": 0}, "n0"),
        ({"n": 0}, "n"),
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 1.0}, "alpha"),
        ({"alpha": math.nan}, "alpha"),
    ],
)
def test_what_makes_no_sense_is_refused(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(BadParameter, match=f"^{named}: "):
        Smoothing(**changed)


@pytest.mark.parametrize(("alpha", "least"), [(0.001, 10), (0.01, 7), (0.4, 2)])
def test_so_few_pictures_that_they_prove_nothing_are_refused_and_one_more_is_enough(alpha: float, least: int) -> None:
    with pytest.raises(BadParameter, match=f"prove nothing, however they vote: it takes {least}"):
        Smoothing(n=least - 1, alpha=alpha)
    found = certify(fresh(), flat(255, 0, 0)[0], Smoothing(n=least, alpha=alpha), np.random.default_rng(0))
    assert found.label == RED and found.radius > 0
