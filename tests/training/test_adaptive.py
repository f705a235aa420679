"""On a network that has learnt something: who is told of the score has pictures that it finds less suspicious."""

import numpy as np
import pytest

from roadsight_models.robustness.adaptive import Adaptive
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.harness import Trial, try_attack
from roadsight_models.robustness.pgd import PGD
from roadsight_models.robustness.squeezing import suspicion
from roadsight_models.robustness.threat import ThreatModel
from training.attacked import Attacked, attacked

EPSILON = 8 / 255


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    return attacked(tmp_path_factory.mktemp("adaptive"), 60)


def tried(network: Attacked, attack: Attack) -> Trial:
    threat, criterion = ThreatModel("linf", EPSILON), Criterion(network.labels)
    return try_attack(network.victim, network.frames, criterion, attack, threat, np.random.default_rng(0))


def test_it_fools_nearly_as_often_and_is_far_less_suspicious(network: Attacked) -> None:
    plain, told = tried(network, PGD()), tried(network, Adaptive())
    both = plain.outcome.reached & told.outcome.reached & ~plain.already
    assert both.sum() >= 0.9 * (plain.outcome.reached & ~plain.already).sum() > 10
    of_plain, of_told = (suspicion(network.victim, one.outcome.frames[both], 1.0) for one in (plain, told))
    assert np.median(of_told) < 0.75 * np.median(of_plain)


def test_what_it_keeps_does_not_get_worse_with_more_starts(network: Attacked) -> None:
    once, often = tried(network, Adaptive(steps=20)), tried(network, Adaptive(steps=20, restarts=3))
    both = once.outcome.reached & often.outcome.reached & ~once.already
    assert often.outcome.reached.sum() >= once.outcome.reached.sum()
    scores = [suspicion(network.victim, one.outcome.frames[both], 1.0) for one in (once, often)]
    assert (scores[1] <= scores[0] + 1e-6).all()
