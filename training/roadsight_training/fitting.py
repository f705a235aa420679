"""The network under training: its loss, figures, optimiser and schedule, as Lightning wants them.

(uint8 [N, h, w, 3], int64 [N]) --network--> logits [N, K] --cross-entropy--> loss
"""

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.nn.functional import cross_entropy
from torchmetrics.classification import MulticlassAccuracy

from roadsight_training.loading import Batch
from roadsight_training.networks import Network
from roadsight_training.recipe import Fit


class Fitting(LightningModule):
    """The network under training, with its loss, figures, optimiser and schedule."""

    def __init__(self, network: Network, options: Fit, classes: int) -> None:
        super().__init__()
        self.network, self.options = network, options
        self.top1 = MulticlassAccuracy(classes, average="micro")

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Cross-entropy with label smoothing, one batch."""
        frames, labels = batch
        loss = cross_entropy(self.network(frames).logits, labels, label_smoothing=self.options.label_smoothing)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        """Plain cross-entropy and top-1 on tracks that training never sees."""
        frames, labels = batch
        logits = self.network(frames).logits
        self.top1(logits, labels)
        self.log("val_loss", cross_entropy(logits, labels), prog_bar=True, batch_size=len(labels))
        self.log("val_top1", self.top1, prog_bar=True, batch_size=len(labels))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW (Loshchilov and Hutter 2019) under one cycle (Smith and Topin 2018); vectors are not decayed."""
        parameters = list(self.network.parameters())
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": self.options.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimiser = torch.optim.AdamW(groups, lr=self.options.learning_rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser,
            max_lr=self.options.learning_rate,
            total_steps=int(self.trainer.estimated_stepping_batches),
            pct_start=self.options.warm_up,
        )
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
