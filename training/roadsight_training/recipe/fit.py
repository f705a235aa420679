"""`fit:` of a recipe: loss, optimiser, schedule, and when to stop."""

from typing import ClassVar, Literal

from pydantic import Field

from roadsight_training.recipe.part import Part

Loss = Literal["cross_entropy", "binary_cross_entropy", "focal"]
Optimiser = Literal["sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw"]
Keep = Literal["best", "last"]
Schedule = Literal["constant", "step", "cosine", "one_cycle", "plateau"]


class Fit(Part):
    """How it is trained."""

    goes_with: ClassVar = {
        "focal_gamma": ("loss", ("focal",)),
        "momentum": ("optimiser", ("momentum", "nesterov", "rmsprop")),
        "step_every": ("schedule", ("step",)),
        "step_factor": ("schedule", ("step", "plateau")),
        "plateau_patience": ("schedule", ("plateau",)),
    }

    epochs: float = Field(gt=0, description="Passes through the training pictures; 0.5 stops halfway through one.")
    validate_every: float = Field(1.0, gt=0, description="Passes between two validations, which patience counts in.")
    batch_size: int = Field(64, ge=2, description="Pictures a process and step.")
    accumulate: int = Field(1, ge=1, description="Batches whose gradients are added up for one step of the optimiser.")
    loss: Loss = Field(
        "cross_entropy",
        description="binary_cross_entropy is one sigmoid for two classes, and for more one against the rest; a bundle "
        "answers with the softmax of the logits under any loss, so it is also what validation measures.",
    )
    focal_gamma: float = Field(2.0, ge=0, description="How much less an easy picture counts.")
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    l1: float = Field(0.0, ge=0, description="L1 penalty on matrices and filters; vectors are left alone.")
    weight_decay: float = Field(0.0, ge=0, description="L2 penalty on the same; decoupled under adamw.")
    optimiser: Optimiser = "adamw"
    momentum: float = Field(0.9, ge=0, lt=1, description="What is kept of the last step.")
    learning_rate: float = Field(gt=0, description="The peak of the schedule.")
    schedule: Schedule = "one_cycle"
    warm_up: float = Field(0.15, ge=0, lt=1, description="Fraction of the steps in which the rate rises to its peak.")
    step_every: float = Field(
        0.33, gt=0, lt=1, description="Between two drops, a fraction of the steps that follow the warm-up."
    )
    step_factor: float = Field(0.1, gt=0, lt=1, description="What a drop multiplies the rate by.")
    plateau_patience: int = Field(3, ge=0, description="Validations without a better loss before a drop.")
    early_stopping: int | None = Field(None, ge=1, description="Stop after so many validations without a better loss.")
    keep: Keep = Field(
        "best",
        description="Which checkpoint is judged and published: the one with the lowest validation loss, or the last. "
        "With label_smoothing the loss rises while ever more answers are right: the network is taught to be less sure.",
    )
    clip: float | None = Field(None, gt=0, description="Gradients are scaled down to this norm.")
    average_decay: float = Field(
        0.998, ge=0, lt=1, description="Of the weights' moving average, per step; less at first."
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "float32", description="auto times a few steps in both and takes the faster."
    )
    seed: int = Field(0, ge=0, lt=2**32)
    workers: int = Field(1, ge=0, description="Processes that augment beside the training process; 0 for none.")
