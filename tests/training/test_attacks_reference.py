"""Our attacks against those of torchattacks and foolbox: the same trained network, the same pictures.

Theirs move float pixels of a torch module. Ours move what an ONNX graph is served, and are measured after rounding to
uint8, so they have a little more to do.
"""

from typing import Any

import numpy as np
import pytest
import torch

from roadsight_models.robustness.fmn import FMN
from roadsight_models.robustness.harness import try_attack
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.square import Square
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.verify import Distances
from roadsight_models.robustness.victim import to_floats
from training.small_network import Attacked, attacked, to_numpy, to_torch

torchattacks: Any = pytest.importorskip("torchattacks", reason="`make install-all` brings it")
foolbox: Any = pytest.importorskip("foolbox", reason="`make install-all` brings it")

SEEDS = range(3)
STEPS = 100
QUERIES = 200
FAR = {"linf": ThreatModel("linf", 1), "l2": ThreatModel("l2", 1e3)}


@pytest.fixture(scope="module")
def network() -> Attacked:
    return attacked(45)


def ours(network: Attacked, norm: Norm) -> Distances:
    """How far FMN goes, every picture being broken: [N]."""
    rng = np.random.default_rng(0)
    outcome = try_attack(network.victim(), network.clean, network.criterion, FMN(STEPS), FAR[norm], rng).outcome
    assert outcome.reached.all()
    return outcome.linf if norm == "linf" else outcome.l2


def theirs(network: Attacked, norm: Norm, attack: Any) -> Distances:
    """How far an attack of foolbox goes; infinitely for a picture that it did not break: [N]."""
    clean, model = to_floats(network.clean), foolbox.PyTorchModel(network.torch, bounds=(0, 1))
    found = attack.run(model, to_torch(clean), torch.from_numpy(network.labels))
    broken = network.torch(found).argmax(1).numpy() != network.labels
    return np.where(broken, FAR[norm].distance(to_numpy(found), clean), np.inf)


def test_in_linf_fmn_finds_the_whole_grey_level_over_what_foolbox_s_finds(network: Attacked) -> None:
    whole = np.ceil(theirs(network, "linf", foolbox.attacks.LInfFMNAttack(steps=STEPS)) * 255)
    levels = np.rint(ours(network, "linf") * 255)
    assert np.median(levels) <= 1.03 * np.median(whole)
    assert (levels <= whole).mean() >= 0.9


def test_in_l2_fmn_is_as_near_as_foolbox_s_ddn(network: Attacked) -> None:
    """DDN (Rony et al. 2018) is FMN's forerunner. The FMN of foolbox 3.3.4 is farther: in l2 it does not project."""
    distance = np.median(ours(network, "l2"))
    assert distance <= 1.03 * np.median(theirs(network, "l2", foolbox.attacks.DDNAttack(steps=STEPS)))
    assert distance <= np.median(theirs(network, "l2", foolbox.attacks.L2FMNAttack(steps=STEPS)))


@pytest.mark.parametrize(("searches", "steps", "size"), [(5, 20, 0.01), (5, 20, 0.1), (9, 11, 0.01)])
def test_fmn_is_nearer_than_carlini_wagner_with_as_many_gradients(
    network: Attacked, searches: int, steps: int, size: float
) -> None:
    attack = foolbox.attacks.L2CarliniWagnerAttack(searches, steps, size, abort_early=False)
    distance, other = ours(network, "l2"), theirs(network, "l2", attack)
    assert np.median(distance) <= np.median(other)
    assert (distance <= other).mean() >= 0.8


def test_fmn_is_as_near_as_carlini_wagner_with_five_times_the_gradients(network: Attacked) -> None:
    some = network._replace(clean=network.clean[:20], labels=network.labels[:20])
    attack = foolbox.attacks.L2CarliniWagnerAttack(9, 55, 0.02, abort_early=False)
    distance, other = ours(some, "l2"), theirs(some, "l2", attack)
    assert np.median(distance) <= 1.01 * np.median(other)


def left_by_ours(network: Attacked, threat: ThreatModel, seed: int) -> float:
    """Robust accuracy of the pictures that the network is right about."""
    rng = np.random.default_rng(seed)
    trial = try_attack(network.victim(), network.clean, network.criterion, Square(QUERIES), threat, rng)
    return float(1 - trial.outcome.reached.mean())


def left_by_theirs(network: Attacked, threat: ThreatModel, seed: int) -> float:
    """The same, of torchattacks, which does not count its first query."""
    norm = {"linf": "Linf", "l2": "L2"}[threat.norm]
    options = {"n_queries": QUERIES - 1, "resc_schedule": False, "seed": seed}
    labels = torch.from_numpy(network.labels)
    found = torchattacks.Square(network.torch, norm, threat.epsilon, **options)(
        to_torch(to_floats(network.clean)), labels
    )
    return float((network.torch(found).argmax(1) == labels).float().mean())


@pytest.mark.parametrize("threat", [ThreatModel("linf", 8 / 255), ThreatModel("l2", 1.5)], ids=["linf", "l2"])
def test_square_leaves_the_robust_accuracy_that_torchattacks_leaves(network: Attacked, threat: ThreatModel) -> None:
    """Means over seeds, within a point (a picture, where that is more) beyond what these are uncertain by."""
    left = np.array([[by(network, threat, seed) for by in (left_by_ours, left_by_theirs)] for seed in SEEDS])
    means, uncertain = left.mean(0), 2 * np.sqrt((left.var(0, ddof=1) / len(SEEDS)).sum())
    assert 0.2 < means[0] < 0.8
    assert abs(means[0] - means[1]) <= max(0.01, 1 / len(network.clean)) + uncertain
