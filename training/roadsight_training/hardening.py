"""Training against an adversary: what it makes of the pictures of a step, and what is then made small.

    Batch --climb--> frames float32, within epsilon of the batch's --HARDENED--> scalar

All is in grey levels, 0 to 255, as a network takes them; without room to move, a frame stays what it was to the bit.
Each batch is bent anew, after augmentation. Teachers see it before.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import kl_div, log_softmax

from roadsight_training.loading import Batch
from roadsight_training.losses import training_loss
from roadsight_training.networks import Network
from roadsight_training.recipe import Adversary, Fit

GREY = 255.0  # levels, of [0, 1]
ALL_STEPS = 2.5  # epsilons: from anywhere in the ball its border can be reached (Madry et al. 2017)
ONE_STEP = 1.25  # epsilons (Wong et al. 2020)
JUDGING = 10  # steps, which no training against one step fools


class Walk(NamedTuple):
    """How far an adversary goes, and in which steps."""

    epsilon: float  # grey levels
    steps: int
    step: float  # grey levels


Rise = Callable[[Tensor], Tensor]  # logits float32 [N, K] -> a scalar that is to rise


def walk_of(options: Adversary) -> Walk:
    """How pictures are bent to be trained on."""
    fast = options.method == "fast"
    steps = 1 if fast else options.steps
    share = options.step or (ONE_STEP if fast else ALL_STEPS / steps)
    return Walk(options.epsilon * GREY, steps, share * options.epsilon * GREY)


def judging_walk(options: Adversary) -> Walk:
    """How validation pictures are bent, whatever is trained against."""
    epsilon = options.epsilon if options.judging_epsilon is None else options.judging_epsilon
    return Walk(epsilon * GREY, JUDGING, epsilon * GREY * ALL_STEPS / JUDGING)


def climb(network: Network, frames: Tensor, rise: Rise, walk: Walk, generator: torch.Generator) -> Tensor:
    """Projected gradient descent in linf, from anywhere in the ball (Madry et al. 2017).

    Args:
        network: in any mode; left in it, with no gradient of its weights.
        frames: uint8 [N, h, w, 3].
        rise: what is climbed; a sum over the pictures.
        walk: how far, in which steps.
        generator: of the CPU; draws the start.

    Returns:
        float32 [N, h, w, 3] in [0, 255], within the ball around `frames`.
    """
    clean = frames.float()
    low, high = (clean - walk.epsilon).clamp(min=0), (clean + walk.epsilon).clamp(max=GREY)
    start = 2 * torch.rand(clean.shape, generator=generator).to(clean.device) - 1
    bent = (clean + walk.epsilon * start).clamp(low, high)
    with _evaluating(network), torch.enable_grad():
        for _ in range(walk.steps):
            bent.requires_grad_()
            (slope,) = torch.autograd.grad(rise(network(bent).logits.float()), bent)
            bent = (bent.detach() + walk.step * slope.sign()).clamp(low, high)
    return bent


def off_target(targets: Tensor) -> Rise:
    """The cross-entropy to float32 [N, K] targets, whatever loss is trained with: as attacks climb it elsewhere."""
    return lambda logits: -(targets * log_softmax(logits, 1)).sum()


def bent_alone(network: Network, batch: Batch, options: Adversary, fit: Fit, generator: torch.Generator) -> Tensor:
    """The recipe's loss of bent pictures (Madry et al. 2017; in one step: Wong et al. 2020)."""
    bent = climb(network, batch.frames, off_target(batch.targets), walk_of(options), generator)
    return training_loss(network(bent), batch, fit)


def trades(network: Network, batch: Batch, options: Adversary, fit: Fit, generator: torch.Generator) -> Tensor:
    """The recipe's loss of clean pictures, and beta times how far the answers to bent ones diverge from theirs.

    Zhang et al. 2019, equation 5. The adversary climbs that divergence, which at the clean picture itself has no slope.
    """
    # With gradients, though none is wanted: under autocast what is cast without would be cached for the loss below.
    with _evaluating(network):
        said = log_softmax(network(batch.frames).logits.float(), 1).detach()
    bent = climb(network, batch.frames, lambda logits: _divergence(said, logits).sum(), walk_of(options), generator)
    clean = network(batch.frames)
    apart = _divergence(log_softmax(clean.logits.float(), 1), network(bent).logits.float())
    return training_loss(clean, batch, fit) + options.beta * (apart * batch.weights).mean()


HARDENED = {"pgd": bent_alone, "fast": bent_alone, "trades": trades}


def _divergence(said: Tensor, logits: Tensor) -> Tensor:
    """Kullback-Leibler divergence of what is said now from log-probabilities [N, K]: [N]."""
    return kl_div(log_softmax(logits, 1), said, reduction="none", log_target=True).sum(1)


@contextmanager
def _evaluating(network: Network) -> Iterator[None]:
    """Evaluation mode, as in the code of TRADES: no dropout to hide behind, and no batch statistics are moved."""
    training = [module for module in network.modules() if module.training]
    network.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
