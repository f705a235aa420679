"""The network under training, as Lightning wants it.

Batch --teachers--> Batch --network--> Outputs --loss--> scalar --optimiser, schedule--> next step
                          --adversary, network---------> scalar (see `hardening.py`)

Before each batch torch's generator is seeded from the step, so that dropout, too, is a function of seed and step alone.
"""

from typing import cast

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR
from torchmetrics.classification import MulticlassAccuracy

from roadsight_training.hardening import HARDENED, climb, judging_walk, off_target
from roadsight_training.loading import Batch, seed_of
from roadsight_training.losses import l1_penalty, training_loss
from roadsight_training.networks import Network
from roadsight_training.optimising import OPTIMISERS, rate_factor
from roadsight_training.recipe import Recipe
from roadsight_training.teaching import Teachers
from roadsight_training.transfer import frozen_stages, parameter_groups, set_frozen

# On the validation tracks, on as many pictures that are trained on, and on some of the first under attack.
MEASURED = ("val", "fit", "val_robust")
ATTACK = 1  # sets the seed of an attack apart from that of dropout


class Fitting(LightningModule):
    """The network under training, with its loss, figures, optimiser and schedule.

    Args:
        network: in training mode.
        recipe: loss, optimiser, schedule, and what is frozen.
        classes: K, the columns of `logits`.
        steps: of the optimiser in the whole run.
        teachers: of this recipe.
    """

    def __init__(self, network: Network, recipe: Recipe, classes: int, steps: int, teachers: Teachers) -> None:
        super().__init__()
        self.teachers = teachers  # no module of this one: no checkpoint holds them
        self.network, self.recipe, self.options, self.steps = network, recipe, recipe.fit, steps
        self.top1 = nn.ModuleList(MulticlassAccuracy(classes, average="micro") for _ in MEASURED)
        self.frozen: list[nn.Module] = []
        self.step_seed = self.options.seed
        self.freeze_until(0.0)

    def freeze_until(self, fraction: float) -> None:
        """Freezes what the recipe wants frozen when that fraction of the steps is done."""
        frozen = frozen_stages(self.network, self.recipe.transfer, fraction)
        if frozen != self.frozen or not fraction:
            self.frozen = frozen
            set_frozen(self.network, frozen)
            self.train(self.training)

    def train(self, mode: bool = True) -> "Fitting":
        """Sets the mode; what is frozen stays in evaluation mode, so that its statistics stay, too."""
        super().train(mode)
        for stage in self.frozen:
            stage.eval()
        return self

    @property
    def fraction(self) -> float:
        """How much of the run is done, by steps of the optimiser."""
        return self.trainer.global_step / self.steps

    def on_fit_start(self) -> None:
        """Brings the teachers to the learner's device."""
        self.teachers.to(self.device)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Seeds what this step draws, and thaws the network when its time has come."""
        step = self.trainer.current_epoch * int(self.trainer.num_training_batches) + batch_idx
        self.step_seed = seed_of(self.options.seed, step, self.global_rank)
        torch.manual_seed(self.step_seed)
        self.freeze_until(self.fraction)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """The recipe's loss, one batch."""
        taught, adversary = self.teachers.teach(batch), self.recipe.adversary
        if adversary is None:
            loss = training_loss(self.network(taught.frames), taught, self.options)
        else:
            chance = torch.Generator().manual_seed(seed_of(self.step_seed, ATTACK))
            loss = HARDENED[adversary.method](self.network, taught, adversary, self.options, chance)
        self.log("train_loss", loss, prog_bar=True)
        if self.options.l1:
            loss = loss + self.options.l1 * l1_penalty(self.network.parameters())
        return loss

    def validation_step(self, batch: Batch, number: int, dataloader_idx: int = 0) -> None:
        """Loss and top-1, without augmentation: of tracks that training never sees, and of some that it does.

        With an adversary also of some of the former as PGD of ten steps leaves them, from the same start each time.

        The loss is the cross-entropy of the softmax, in nats, whatever training makes small: a bundle answers with it.
        """
        name, n, frames = MEASURED[dataloader_idx], len(batch.frames), batch.frames
        if name == "val_robust" and self.recipe.adversary is not None:
            chance = torch.Generator().manual_seed(seed_of(self.options.seed, number))
            frames = climb(self.network, frames, off_target(batch.targets), judging_walk(self.recipe.adversary), chance)
        logits = self.network(frames).logits.float()
        loss = cross_entropy(logits, batch.targets)
        top1 = cast("MulticlassAccuracy", self.top1[dataloader_idx])
        top1(logits, batch.targets.argmax(1))
        for figure, value in ((f"{name}_loss", loss), (f"{name}_top1", top1)):
            self.log(figure, value, prog_bar=name != "fit", batch_size=n, add_dataloader_idx=False, sync_dist=True)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The recipe's optimiser and schedule; every group's rate is its share of the peak."""
        groups = parameter_groups(self.network, self.recipe.transfer, self.options)
        optimiser = OPTIMISERS[self.options.optimiser](groups, self.options)
        schedule = LambdaLR(optimiser, lambda step: rate_factor(step / self.steps, self.options))
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
