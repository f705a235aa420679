import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from roadsight_training.loading import Batch
from roadsight_training.losses import LOSSES, l1_penalty, training_loss
from roadsight_training.networks import Outputs
from roadsight_training.recipe import Fit

THREE_TO_ONE = torch.tensor([[1.0, 1.0 + math.log(3)]])  # probabilities 1/4 and 3/4
SECOND = torch.tensor([[0.0, 1.0]])


def options(**asked: object) -> Fit:
    return Fit.model_validate({"epochs": 1, "learning_rate": 0.1} | asked)


def drawn(n: int = 6, classes: int = 4) -> tuple[Tensor, Tensor]:
    """Logits [n, classes] and the classes that are right [n]."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, classes, generator=generator) * 3, torch.randint(classes, (n,), generator=generator)


def batch(right: Tensor, classes: int = 4, weights: Tensor | None = None) -> Batch:
    n = len(right)
    return Batch(
        torch.zeros(n, 8, 8, 3, dtype=torch.uint8),
        functional.one_hot(right, classes).float(),
        torch.ones(n) if weights is None else weights,
    )


def loss_of(logits: Tensor, shown: Batch, *side: Tensor, **asked: object) -> float:
    return float(training_loss(Outputs(logits, logits, side), shown, options(**asked)))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_cross_entropy_is_torchs_own_smoothed_labels_included(smoothing: float) -> None:
    logits, right = drawn()
    wanted = functional.cross_entropy(logits, right, label_smoothing=smoothing)
    assert loss_of(logits, batch(right), label_smoothing=smoothing) == pytest.approx(float(wanted))


def test_mixed_pictures_count_as_both_of_their_classes() -> None:
    logits, right = drawn()
    other = right.roll(1)
    mixed = batch(right)._replace(targets=0.7 * batch(right).targets + 0.3 * batch(other).targets)
    wanted = 0.7 * functional.cross_entropy(logits, right) + 0.3 * functional.cross_entropy(logits, other)
    assert loss_of(logits, mixed) == pytest.approx(float(wanted))


def test_of_two_classes_one_sigmoid_tells_them_apart() -> None:
    binary = LOSSES["binary_cross_entropy"]
    assert float(binary(THREE_TO_ONE, SECOND, options())) == pytest.approx(-math.log(3 / 4))
    assert float(binary(THREE_TO_ONE, 1 - SECOND, options())) == pytest.approx(-math.log(1 / 4))


def test_of_more_classes_each_is_told_from_the_rest() -> None:
    logits, right = drawn()
    shown = batch(right)
    wanted = sum(
        functional.binary_cross_entropy(torch.sigmoid(logits[:, one]), (right == one).float()) for one in range(4)
    )
    assert loss_of(logits, shown, loss="binary_cross_entropy") == pytest.approx(float(wanted), rel=1e-5)


def test_focal_loss_is_what_the_paper_says() -> None:
    logs = torch.log(torch.tensor([[0.25, 0.75]]))
    for gamma in (0.5, 1.0, 2.0):
        found = LOSSES["focal"](logs, SECOND, options(loss="focal", focal_gamma=gamma))
        assert float(found) == pytest.approx(-(0.25**gamma) * math.log(0.75))


def test_focal_loss_with_gamma_0_is_cross_entropy() -> None:
    logits, right = drawn()
    assert loss_of(logits, batch(right), loss="focal", focal_gamma=0) == pytest.approx(loss_of(logits, batch(right)))


def test_focal_loss_counts_an_easy_picture_less_the_higher_gamma_is() -> None:
    easy = [
        float(LOSSES["focal"](THREE_TO_ONE, SECOND, options(loss="focal", focal_gamma=gamma))) for gamma in (0, 1, 2, 5)
    ]
    assert all(later < earlier for earlier, later in pairwise(easy))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("gamma", [0.0, 0.3, 2.0])
def test_a_picture_that_the_network_is_quite_sure_of_does_not_break_the_training(name: str, gamma: float) -> None:
    logits = torch.tensor([[200.0, -200.0, 0.0], [-200.0, 200.0, 0.0]], requires_grad=True)
    shown = batch(torch.tensor([0, 0]), classes=3)
    asked = options(loss=name, focal_gamma=gamma) if name == "focal" else options(loss=name)
    training_loss(Outputs(logits, logits), shown, asked).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_picture_of_weight_2_counts_as_two(name: str) -> None:
    logits, right = drawn(3)
    alone = [loss_of(logits[i : i + 1], batch(right[i : i + 1]), loss=name) for i in range(3)]
    weighted = loss_of(logits, batch(right, weights=torch.tensor([2.0, 1.0, 0.0])), loss=name)
    assert weighted == pytest.approx((2 * alone[0] + alone[1]) / 3)


def test_side_heads_count_three_tenths_each() -> None:
    logits, right = drawn()
    sides = logits.roll(1, 0), logits.roll(2, 0)
    head, *others = (loss_of(one, batch(right)) for one in (logits, *sides))
    assert loss_of(logits, batch(right), *sides) == pytest.approx(head + 0.3 * sum(others))


def test_the_l1_penalty_touches_matrices_and_filters_alone() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 2), nn.BatchNorm2d(1), nn.Linear(2, 1))
    for parameter in network.parameters():
        nn.init.constant_(parameter, -0.5)
    assert l1_penalty(network.parameters()).item() == pytest.approx(0.5 * (4 + 2))
    network[0].requires_grad_(False)
    assert l1_penalty(network.parameters()).item() == pytest.approx(0.5 * 2)
