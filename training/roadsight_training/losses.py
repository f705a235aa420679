"""What training makes small.

Outputs, Batch --LOSSES--> loss of each picture [N] --weights--> mean, + auxiliary heads, + L1 penalty
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax

from roadsight_training.loading import Batch
from roadsight_training.networks import Outputs
from roadsight_training.recipe import Fit

AUXILIARY_WEIGHT = 0.3  # Szegedy et al. 2014, section 5
SURE = 1e-12  # a picture is never surer than this for focal loss: at 0 a root has no slope


def cross_entropy(logits: Tensor, targets: Tensor, options: Fit) -> Tensor:
    """Cross-entropy of a softmax: [N, K], [N, K] -> [N]."""
    return -(targets * log_softmax(logits, 1)).sum(1)


def binary_cross_entropy(logits: Tensor, targets: Tensor, options: Fit) -> Tensor:
    """One sigmoid for two classes; for more, one against the rest, summed over the classes: [N, K], [N, K] -> [N]."""
    if logits.shape[1] == 2:
        return binary_cross_entropy_with_logits(logits[:, 1] - logits[:, 0], targets[:, 1], reduction="none")
    return binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(1)


def focal(logits: Tensor, targets: Tensor, options: Fit) -> Tensor:
    """Focal loss over a softmax (Lin et al. 2017): [N, K], [N, K] -> [N]."""
    logs = log_softmax(logits, 1)
    wrong = (-torch.expm1(logs)).clamp(min=SURE)  # 1 - p
    return -(targets * wrong**options.focal_gamma * logs).sum(1)


LOSSES: dict[str, Callable[[Tensor, Tensor, Fit], Tensor]] = {
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "focal": focal,
}


def training_loss(outputs: Outputs, batch: Batch, options: Fit) -> Tensor:
    """The recipe's loss of a batch, label smoothing and auxiliary heads included: a scalar."""
    classes = batch.targets.shape[1]
    targets = batch.targets * (1 - options.label_smoothing) + options.label_smoothing / classes
    loss = torch.zeros((), device=targets.device)
    for logits, share in ((outputs.logits, 1.0), *((side, AUXILIARY_WEIGHT) for side in outputs.auxiliary)):
        loss = loss + share * (LOSSES[options.loss](logits.float(), targets, options) * batch.weights).mean()
    return loss


def l1_penalty(parameters: Iterable[nn.Parameter]) -> Tensor:
    """Sum of the absolute values of all matrices and filters that learn; biases and normalisation are left alone."""
    return torch.stack([p.abs().sum() for p in parameters if p.ndim > 1 and p.requires_grad]).sum()
