"""Our attacks against those of torchattacks and foolbox, on the same network and the same pictures.

FGSM gives the same pixels, but where the gradient is so near 0 that its sign is a matter of rounding. The others draw
random numbers of their own: what they leave of the accuracy must be the same within a point.

Ours judges pictures in whole grey levels through the session that serves, theirs floats in torch.
"""

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
from roadsight_models.robustness.pgd import PGD
from roadsight_models.robustness.threat import Norm, ThreatModel
from roadsight_models.robustness.victim import to_floats
from training.attacked import Attacked, attacked

WHY = "`make install-all` installs it, without the older packages that it asks for"
torchattacks: Any = pytest.importorskip("torchattacks", reason=WHY)
foolbox: Any = pytest.importorskip("foolbox", reason=WHY)

COUNT = 200
POINT = 0.01
EPSILON: dict[Norm, float] = {"linf": 4 / 255, "l2": 0.5}
STEPS = 20


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    return attacked(tmp_path_factory.mktemp("bundles"), COUNT)


def targets(both: Attacked) -> Criterion:
    return Criterion(both.labels, (both.labels + 1) % 5)


def withstood(both: Attacked, attack: Attack, norm: Norm, criterion: Criterion | None = None) -> float:
    """The share of the pictures on which ours did not succeed."""
    wanted, rng = criterion or Criterion(both.labels), np.random.default_rng(0)
    trial = try_attack(both.victim, both.frames, wanted, attack, ThreatModel(norm, EPSILON[norm]), rng)
    assert not trial.outcome.strayed.any()
    return 1 - float(trial.outcome.reached.mean())


def accuracy(both: Attacked, pixels: Tensor) -> float:
    """Of the network in torch, on [N, 3, h, w]."""
    with torch.no_grad():
        return float((both.model(pixels).argmax(1) == both.tensors()[1]).float().mean())


def test_the_network_has_learnt_something_that_attacks_can_take_away(both: Attacked) -> None:
    images, _ = both.tensors()
    assert accuracy(both, images) > 0.9
    for norm in EPSILON:
        assert 0.1 < withstood(both, PGD(steps=STEPS), norm) < 0.8


@pytest.mark.parametrize("targeted", [False, True])
def test_fgsm_gives_the_same_pixels(both: Attacked, targeted: bool) -> None:
    images, _ = both.tensors()
    criterion = targets(both) if targeted else Criterion(both.labels)
    theirs = torchattacks.FGSM(both.model, eps=EPSILON["linf"])
    if targeted:
        theirs.set_mode_targeted_by_label(quiet=True)
    wanted = torch.from_numpy(criterion.wanted)
    (slope,) = torch.autograd.grad(cross_entropy(both.model(images.requires_grad_()), wanted), images)
    size = slope.abs()
    clear = (size > 1e-3 * size.amax((1, 2, 3), keepdim=True)).permute(0, 2, 3, 1).numpy()
    expected = theirs(images.detach(), wanted).permute(0, 2, 3, 1).numpy()
    threat, rng = ThreatModel("linf", EPSILON["linf"]), np.random.default_rng(0)
    ours = FGSM().run(both.victim, to_floats(both.frames), criterion, threat, rng)
    np.testing.assert_allclose(ours[clear], expected[clear], atol=1e-6)
    assert clear.mean() > 0.95


def test_in_l2_too(both: Attacked) -> None:
    theirs = foolbox.attacks.L2FastGradientAttack()
    model = foolbox.PyTorchModel(both.model, bounds=(0, 1), device="cpu")
    _, expected, _ = theirs(model, *both.tensors(), epsilons=EPSILON["l2"])
    threat, rng = ThreatModel("l2", EPSILON["l2"]), np.random.default_rng(0)
    ours = FGSM().run(both.victim, to_floats(both.frames), Criterion(both.labels), threat, rng)
    np.testing.assert_allclose(ours, expected.permute(0, 2, 3, 1).numpy(), atol=1e-5)


@pytest.mark.parametrize("random_start", [True, False], ids=["PGD", "BIM"])
def test_pgd_takes_as_much_as_theirs(both: Attacked, random_start: bool) -> None:
    torch.manual_seed(0)
    images, labels = both.tensors()
    alpha = 2.5 / STEPS * EPSILON["linf"]
    theirs = torchattacks.PGD(both.model, EPSILON["linf"], alpha, STEPS, random_start)
    ours = withstood(both, PGD(STEPS, random_start=random_start), "linf")
    assert ours == pytest.approx(accuracy(both, theirs(images, labels)), abs=POINT)


def test_with_a_target_it_misses_as_many(both: Attacked) -> None:
    torch.manual_seed(0)
    images, _ = both.tensors()
    theirs = torchattacks.PGD(both.model, EPSILON["linf"], 2.5 / STEPS * EPSILON["linf"], STEPS)
    theirs.set_mode_targeted_by_label(quiet=True)
    wanted = torch.from_numpy(targets(both).wanted)
    with torch.no_grad():
        missed = float((both.model(theirs(images, wanted)).argmax(1) != wanted).float().mean())
    assert withstood(both, PGD(STEPS), "linf", targets(both)) == pytest.approx(missed, abs=POINT)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_pgd_takes_as_much_as_foolbox_s(both: Attacked, norm: Norm) -> None:
    torch.manual_seed(0)
    kind = foolbox.attacks.LinfPGD if norm == "linf" else foolbox.attacks.L2PGD
    model = foolbox.PyTorchModel(both.model, bounds=(0, 1), device="cpu")
    _, theirs, _ = kind(rel_stepsize=2.5 / STEPS, steps=STEPS)(model, *both.tensors(), epsilons=EPSILON[norm])
    assert withstood(both, PGD(STEPS), norm) == pytest.approx(accuracy(both, theirs), abs=POINT)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize(("ours", "loss"), [(APGD("cross_entropy", STEPS), "ce"), (APGD("dlr", STEPS), "dlr")])
def test_apgd_takes_as_much_as_theirs(both: Attacked, norm: Norm, ours: APGD, loss: str) -> None:
    named = {"linf": "Linf", "l2": "L2"}[norm]
    theirs = torchattacks.APGD(both.model, norm=named, eps=EPSILON[norm], steps=STEPS, loss=loss)
    assert withstood(both, ours, norm) == pytest.approx(accuracy(both, theirs(*both.tensors())), abs=POINT)


def test_apgd_at_every_other_class_takes_as_much_as_theirs(both: Attacked) -> None:
    theirs = torchattacks.APGDT(both.model, eps=EPSILON["linf"], steps=STEPS, n_classes=5)
    ours = withstood(both, APGD("dlr", STEPS, targets=9), "linf")
    assert ours == pytest.approx(accuracy(both, theirs(*both.tensors())), abs=POINT)
