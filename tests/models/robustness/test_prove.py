"""What is proven of one picture, and what is not, on a model whose borders are known."""

import numpy as np
import pytest

from colours import SIDE
from models.robustness.colour_victim import BLUE, GREEN, RED, flat, fresh
from models.robustness.linear import weighted
from roadsight_models.robustness.certificate import Smoothing
from roadsight_models.robustness.check import prove
from roadsight_models.robustness.smoothing import certify

FEW = Smoothing(n0=10, n=50)


def test_a_clear_picture_is_certified_whether_or_not_its_class_is_known() -> None:
    for label in (None, RED):
        found = prove(fresh(), flat(200, 60, 60), FEW, label, 0)
        assert found.verdict == "certified"
        assert found.certificate is not None
        assert found.certificate.label == RED and found.certificate.radius > 0


@pytest.mark.parametrize("label", [GREEN, BLUE])
def test_a_certificate_for_another_class_than_the_true_one_is_shown_as_what_it_is(label: int) -> None:
    found = prove(fresh(), flat(200, 60, 60), FEW, label, 0)
    assert found.verdict == "already_wrong"
    assert found.certificate is not None
    assert found.certificate.label == RED


@pytest.mark.parametrize("label", [None, RED, BLUE])
def test_where_nothing_is_proven_it_abstains_whatever_the_true_class(label: int | None) -> None:
    found = prove(fresh(), flat(128, 128, 60), FEW, label, 0)
    assert found.verdict == "abstained"
    assert found.certificate is not None
    assert (found.certificate.label, found.certificate.radius) == (None, 0)


def test_what_is_certified_is_the_vote_and_not_the_single_answer() -> None:
    """Class 1 needs one value to be black, which it is in the picture, and under noise every other time."""
    weights = np.zeros((2, SIDE, SIDE, 3))
    weights[0, 0, 0, 0] = 1000.0
    found = prove(weighted(weights, [0, 1]), flat(0, 0, 0), Smoothing(sigma=0.5, n0=100, n=1000), None, 0)
    assert found.clean_logits.argmax() == 1
    assert found.verdict == "abstained"  # what noise would darken stays black


def test_a_vote_against_the_single_answer_is_certified_too() -> None:
    weights = np.zeros((2, SIDE, SIDE, 3))
    weights[0] = 1000.0  # half of all values brighten, so their sum does
    found = prove(weighted(weights, [0, 1]), flat(0, 0, 0), FEW, None, 0)
    assert found.clean_logits.argmax() == 1
    assert (found.verdict, found.certificate and found.certificate.label) == ("certified", 0)


def test_it_costs_the_picture_and_the_noisy_ones_and_no_gradient() -> None:
    victim = fresh()
    prove(victim, flat(200, 60, 60), FEW, None, 0)
    assert (victim.queries, victim.steps) == (1 + 10 + 50, 0)


def test_the_same_seed_gives_the_same_certificate() -> None:
    frames = flat(130, 128, 60)
    again = certify(fresh(), frames[0], FEW, np.random.default_rng(7))
    assert prove(fresh(), frames, FEW, None, 7).certificate == again


def test_nothing_is_attacked() -> None:
    found = prove(fresh(), flat(200, 60, 60), FEW, None, 0)
    assert (found.outcome, found.threat) == (None, None)
