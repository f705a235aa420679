"""What is done when validation no longer gets better.

validation loss --Plateau--> lower learning rate
                --Patience--> end of the run
robust top-1 --Collapse--> end of the run

All count before the run is saved, so that a resumed run counts on.
"""

import logging
import math
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import EarlyStopping

COLLAPSED = (0.5, 0.05)  # robust top-1 under this fraction of its highest, and this much below, has collapsed
BETTER = 1 - 1e-4  # a loss under this fraction of the lowest is a better one, as in torch's ReduceLROnPlateau


class Plateau(Callback):
    """Lowers the rates as torch's ReduceLROnPlateau does, but on top of a schedule, which may be warming up."""

    def __init__(self, factor: float, patience: int) -> None:
        self.factor, self.patience, self.lowest, self.waited = factor, patience, math.inf, 0

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Counts epochs without a better validation loss; after more than `patience`, multiplies the rates."""
        loss = float(trainer.callback_metrics["val_loss"])
        if loss < self.lowest * BETTER:
            self.lowest, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited > self.patience:
            self.waited = 0
            (config,) = trainer.lr_scheduler_configs
            schedule: Any = config.scheduler
            schedule.base_lrs = [rate * self.factor for rate in schedule.base_lrs]  # the peaks, which are saved with it
            for group in schedule.optimizer.param_groups:
                group["lr"] *= self.factor

    def state_dict(self) -> dict[str, Any]:
        """What was counted."""
        return {"lowest": self.lowest, "waited": self.waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Counts on from there."""
        self.lowest, self.waited = state_dict["lowest"], state_dict["waited"]


class Patience(EarlyStopping):
    """Early stopping (Prechelt 1998) on the validation loss, which a resumed run does not forget."""

    def __init__(self, epochs: int) -> None:
        super().__init__("val_loss", patience=epochs, check_on_train_epoch_end=False)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends at once a run that had been stopped when it was saved."""
        trainer.should_stop = self.wait_count >= self.patience


class Collapse(Callback):
    """Ends a run that no longer withstands what it withstood: catastrophic overfitting (Wong et al. 2020, section 5.4).

    A network that is trained against one step can learn, within an epoch, to bend that step alone. What it was before
    is in `best.ckpt`.
    """

    def __init__(self) -> None:
        self.highest, self.over = 0.0, False

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Looks whether it still withstands PGD."""
        robust = float(trainer.callback_metrics["val_robust_top1"])
        if collapsed(robust, self.highest):
            said = "robust top-1 fell from %.1f %% to %.1f %%: the run ends, and the checkpoint from before is kept"
            logging.getLogger(__name__).warning(said, 100 * self.highest, 100 * robust)
            self.over = trainer.should_stop = True
        self.highest = max(self.highest, robust)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends at once a run that had been stopped when it was saved."""
        trainer.should_stop = trainer.should_stop or self.over

    def state_dict(self) -> dict[str, Any]:
        """What was seen."""
        return {"highest": self.highest, "over": self.over}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on with that."""
        self.highest, self.over = state_dict["highest"], state_dict["over"]


def collapsed(robust: float, highest: float) -> bool:
    """Tells a collapse from the ups and downs of a training, by robust top-1 now and at its highest so far."""
    factor, points = COLLAPSED
    return robust < factor * highest and robust < highest - points
