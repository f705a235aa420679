"""Our attacks against those of torchattacks and foolbox, on the same network and the same pictures.

FGSM gives the same pixels, but where the gradient is so near 0 that its sign is a matter of rounding. The others draw
random numbers of their own, which move the accuracy that they leave by a point: on average over four seeds it must be
the same within a point.

Ours judges pictures in whole grey levels through the session that serves, theirs floats in torch.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from roadsight_models.robustness.apgd import APGD
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.harness import try_attack
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.pgd import PGD
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.victim import to_floats
from training.attacked import Attacked, attacked

WHY = "`make install-all` installs it, without the older packages that it asks for"
torchattacks: Any = pytest.importorskip("torchattacks", reason=WHY)
foolbox: Any = pytest.importorskip("foolbox", reason=WHY)

COUNT = 400
POINT = 0.01
EPSILON: dict[Norm, float] = {"linf": 12 / 255, "l2": 1.0}
STEPS = 30
STEP = 2.5 / STEPS  # of epsilon
SEEDS = range(4)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for so small a network more only wait for one another
    yield attacked(tmp_path_factory.mktemp("bundles"), COUNT)
    torch.set_num_threads(threads)


def targets(both: Attacked) -> Criterion:
    return Criterion(both.labels, (both.labels + 1) % 5)


def ours(both: Attacked, attack: Attack, norm: Norm, criterion: Criterion | None = None) -> float:
    """The share of the pictures on which ours did not succeed, on average over the seeds."""
    wanted, threat, left = criterion or Criterion(both.labels), ThreatModel(norm, EPSILON[norm]), []
    for seed in SEEDS:
        outcome = try_attack(both.victim, both.frames, wanted, attack, threat, np.random.default_rng(seed)).outcome
        assert not outcome.strayed.any()
        left.append(1 - outcome.reached.mean())
    return float(np.mean(left))


def accuracy(both: Attacked, pixels: Tensor) -> float:
    """Of the network in torch, on [N, 3, h, w]."""
    with torch.no_grad():
        return float((both.model(pixels).argmax(1) == both.tensors()[1]).float().mean())


def theirs(both: Attacked, attack: Callable[[int], Tensor]) -> float:
    """The accuracy that another's attack, given a seed, leaves on average over the seeds."""
    left = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        left.append(accuracy(both, attack(seed)))
    return float(np.mean(left))


def test_the_network_has_learnt_what_attacks_can_take_away(both: Attacked) -> None:
    assert accuracy(both, both.tensors()[0]) > 0.95
    for norm in EPSILON:
        assert 0.1 < ours(both, PGD(STEPS), norm) < 0.9


@pytest.mark.parametrize("targeted", [False, True])
def test_fgsm_gives_the_same_pixels(both: Attacked, targeted: bool) -> None:
    images, _ = both.tensors()
    criterion = targets(both) if targeted else Criterion(both.labels)
    attack = torchattacks.FGSM(both.model, eps=EPSILON["linf"])
    if targeted:
        attack.set_mode_targeted_by_label(quiet=True)
    wanted = torch.from_numpy(criterion.wanted)
    (slope,) = torch.autograd.grad(cross_entropy(both.model(images.requires_grad_()), wanted), images)
    size = slope.abs()
    clear = (size > 1e-3 * size.amax((1, 2, 3), keepdim=True)).permute(0, 2, 3, 1).numpy()
    expected = attack(images.detach(), wanted).permute(0, 2, 3, 1).numpy()
    threat, rng = ThreatModel("linf", EPSILON["linf"]), np.random.default_rng(0)
    found = FGSM().run(both.victim, to_floats(both.frames), criterion, threat, rng)
    np.testing.assert_allclose(found[clear], expected[clear], atol=1e-6)
    assert clear.mean() > 0.95


def test_in_l2_too(both: Attacked) -> None:
    model = foolbox.PyTorchModel(both.model, bounds=(0, 1), device="cpu")
    _, expected, _ = foolbox.attacks.L2FastGradientAttack()(model, *both.tensors(), epsilons=EPSILON["l2"])
    threat, rng = ThreatModel("l2", EPSILON["l2"]), np.random.default_rng(0)
    found = FGSM().run(both.victim, to_floats(both.frames), Criterion(both.labels), threat, rng)
    np.testing.assert_allclose(found, expected.permute(0, 2, 3, 1).numpy(), atol=1e-5)


@pytest.mark.parametrize("random_start", [True, False], ids=["PGD", "BIM"])
def test_pgd_takes_as_much_as_theirs(both: Attacked, random_start: bool) -> None:
    epsilon = EPSILON["linf"]
    attack = torchattacks.PGD(both.model, epsilon, STEP * epsilon, STEPS, random_start)
    expected = theirs(both, lambda seed: attack(*both.tensors()))
    assert ours(both, PGD(STEPS, random_start=random_start), "linf") == pytest.approx(expected, abs=POINT)


def test_with_a_target_it_misses_as_many(both: Attacked) -> None:
    epsilon, wanted = EPSILON["linf"], torch.from_numpy(targets(both).wanted)
    attack = torchattacks.PGD(both.model, epsilon, STEP * epsilon, STEPS)
    attack.set_mode_targeted_by_label(quiet=True)
    aimed = both._replace(labels=targets(both).wanted)
    expected = 1 - theirs(aimed, lambda seed: attack(both.tensors()[0], wanted))
    assert ours(both, PGD(STEPS), "linf", targets(both)) == pytest.approx(expected, abs=POINT)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_and_as_foolbox_s(both: Attacked, norm: Norm) -> None:
    kind = foolbox.attacks.LinfPGD if norm == "linf" else foolbox.attacks.L2PGD
    model = foolbox.PyTorchModel(both.model, bounds=(0, 1), device="cpu")
    attack = kind(rel_stepsize=STEP, steps=STEPS, random_start=False)
    expected = theirs(both, lambda seed: attack(model, *both.tensors(), epsilons=EPSILON[norm])[1])
    assert ours(both, PGD(STEPS, random_start=False), norm) == pytest.approx(expected, abs=POINT)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize(("attack", "loss"), [(APGD("cross_entropy", STEPS), "ce"), (APGD("dlr", STEPS), "dlr")])
def test_apgd_takes_as_much_as_theirs(both: Attacked, norm: Norm, attack: APGD, loss: str) -> None:
    options = {"norm": norm.capitalize(), "eps": EPSILON[norm], "steps": STEPS, "loss": loss}
    expected = theirs(both, lambda seed: torchattacks.APGD(both.model, seed=seed, **options)(*both.tensors()))
    assert ours(both, attack, norm) == pytest.approx(expected, abs=POINT)


def test_apgd_at_every_other_class_takes_as_much_as_theirs(both: Attacked) -> None:
    options = {"eps": EPSILON["linf"], "steps": STEPS, "n_classes": 5}
    expected = theirs(both, lambda seed: torchattacks.APGDT(both.model, seed=seed, **options)(*both.tensors()))
    assert ours(both, APGD("dlr", STEPS, targets=9), "linf") == pytest.approx(expected, abs=POINT)
