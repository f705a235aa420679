"""What is done when validation no longer gets better.

validation loss --Plateau--> lower learning rate
                --Patience--> end of the run

Both count before the run is saved, so that a resumed run counts on.
"""

import math
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import EarlyStopping

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
