"""What an adversary makes of a batch, and what training then makes small."""

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Categorical, kl_divergence

from roadsight_training.hardening import HARDENED, Walk, climb, judging_walk, off_target, walk_of
from roadsight_training.loading import Batch
from roadsight_training.losses import training_loss
from roadsight_training.networks import Network
from roadsight_training.recipe import Adversary, Fit
from training.networks.proving import batch, built, live_in

FIT = Fit.model_validate({"epochs": 1, "learning_rate": 0.1, "label_smoothing": 0.1})
EPSILON = 8 / 255


def adversary(method: str = "pgd", **options: object) -> Adversary:
    return Adversary.model_validate({"method": method, "epsilon": EPSILON} | options)


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def alive(seed: int = 0) -> Network:
    """A network with all that a mode changes."""
    network = built("lenet5", 32, seed=seed, batch_norm=True, dropout=0.3)
    live_in(network)
    return network


def hardened(network: Network, shown: Batch, options: Adversary) -> Tensor:
    torch.manual_seed(1)  # of dropout
    return HARDENED[options.method](network, shown, options, FIT, chance())


def test_the_methods_take_the_steps_of_their_papers() -> None:
    assert walk_of(adversary("fast")) == pytest.approx(Walk(8.0, 1, 10.0))  # Wong et al. 2020: alpha is 10/255
    assert walk_of(adversary(steps=10)) == pytest.approx(Walk(8.0, 10, 2.0))
    assert walk_of(adversary("trades", steps=4, step=0.5)) == pytest.approx(Walk(8.0, 4, 4.0))
    assert judging_walk(adversary("fast", step=0.01)) == pytest.approx(Walk(8.0, 10, 2.0))


@pytest.mark.parametrize(("judging", "walk"), [("16/255", Walk(16.0, 10, 4.0)), (0, Walk(0.0, 10, 0.0))])
def test_who_judges_may_go_further_than_who_is_trained_against_or_not_move(judging: object, walk: Walk) -> None:
    options = adversary(steps=5, judging_epsilon=judging)
    assert judging_walk(options) == pytest.approx(walk)
    assert walk_of(options) == pytest.approx(Walk(8.0, 5, 4.0))


@pytest.mark.parametrize("epsilon", [0.0, 2 / 255, 0.3, 1.0])
def test_a_bent_picture_is_in_the_ball_and_is_a_picture(epsilon: float) -> None:
    shown = batch(8, 32)
    bent = climb(alive(), shown.frames, off_target(shown.targets), Walk(255 * epsilon, 3, 255 * epsilon), chance())
    assert (bent.dtype, bent.shape, bent.requires_grad) == (torch.float32, shown.frames.shape, False)
    assert bent.min() >= 0 and bent.max() <= 255
    moved = (bent - shown.frames).abs().max()
    assert moved <= 255 * epsilon + 1e-4
    assert (moved > 0) == (epsilon > 0)


def test_on_a_linear_network_the_worst_picture_is_found() -> None:
    network, shown = built("logistic", 16, classes=2, dropout=0), batch(6, 16, classes=2)
    weights = network.get_parameter("head.1.unit.weight").detach().reshape(3, 16, 16).permute(1, 2, 0)  # of class 1
    away = torch.where(shown.targets[:, 1] > 0.5, -1, 1).view(6, 1, 1, 1) * weights.sign()
    worst = (shown.frames + 8 * away).clamp(0, 255)
    bent = climb(network, shown.frames, off_target(shown.targets), walk_of(adversary()), chance())
    assert torch.equal(bent, worst)


def test_the_same_chance_bends_alike_and_another_otherwise() -> None:
    network, shown = alive(), batch(4, 32)
    one, again, other = (
        climb(network, shown.frames, off_target(shown.targets), walk_of(adversary("fast")), chance(seed))
        for seed in (3, 3, 4)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("method", HARDENED)
def test_an_attack_leaves_the_network_as_it_was(method: str) -> None:
    network, shown = alive(), batch(8, 32)
    network.stages["c1"].eval()  # frozen
    modes = [module.training for module in network.modules()]
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    before = torch.random.get_rng_state()
    climb(network, shown.frames, off_target(shown.targets), walk_of(adversary(method)), chance())
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("method", ["pgd", "fast"])
def test_without_room_to_move_the_loss_is_the_plain_one_to_the_bit(method: str) -> None:
    shown, network = batch(8, 32), alive()
    torch.manual_seed(1)
    plain = training_loss(network(shown.frames), shown, FIT)
    assert torch.equal(hardened(alive(), shown, adversary(method, epsilon=0)), plain)


def test_trades_with_beta_0_is_the_plain_loss_to_the_bit() -> None:
    shown, network = batch(8, 32), alive()
    torch.manual_seed(1)
    plain = training_loss(network(shown.frames), shown, FIT)
    assert torch.equal(hardened(alive(), shown, adversary("trades", beta=0)), plain)


def test_trades_counts_how_far_the_answers_diverge_by_picture() -> None:
    network, weights = built("lenet5", 32, dropout=0), torch.tensor([2.0, 1.0, 0.0, 1.0])
    shown = batch(4, 32)._replace(weights=weights)
    calm = network(shown.frames).logits.detach()

    def divergence(logits: Tensor) -> Tensor:
        return kl_divergence(Categorical(logits=calm), Categorical(logits=logits))

    bent = climb(network, shown.frames, lambda logits: divergence(logits).sum(), walk_of(adversary()), chance())
    wanted = training_loss(network(shown.frames), shown, FIT)
    wanted = wanted + 3 * (divergence(network(bent).logits) * weights).mean()
    assert torch.allclose(hardened(network, shown, adversary("trades", beta=3)), wanted, rtol=1e-5)


@pytest.mark.parametrize("method", HARDENED)
def test_what_is_bent_is_worse(method: str) -> None:
    network, shown = built("lenet5", 32, dropout=0), batch(10, 32)
    plain = training_loss(network(shown.frames), shown, FIT)
    assert hardened(network, shown, adversary(method, epsilon=0.1)) > plain


@pytest.mark.parametrize("method", HARDENED)
def test_every_weight_learns_in_bfloat16_as_it_does_in_float32(method: str) -> None:
    slopes = []
    for enabled in (False, True):
        network = built("lenet5", 32, dropout=0, batch_norm=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            loss = hardened(
                network, batch(10, 32), adversary(method, steps=3) if method != "fast" else adversary("fast")
            )
        loss.backward()  # type: ignore[no-untyped-call]
        slopes.append(torch.cat([_slope(parameter) for parameter in network.parameters()]))
    assert torch.cosine_similarity(slopes[0], slopes[1], dim=0) > 0.9


def _slope(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None
    assert parameter.grad.any()
    return parameter.grad.flatten()
