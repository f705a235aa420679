"""`data:` of a recipe: what is trained on, and what is held back."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from roadsight_models.manifest import Fraction
from roadsight_training.datasets import Kind
from roadsight_training.datasets.balance import By
from roadsight_training.recipe.part import Part

HELD_OUT = "test"  # the split that figures are published on; so are all whose names begin with it

Balance = Literal["none", "weights", "sampler"]


class Data(Part):
    """What is trained on."""

    goes_with: ClassVar = {"balance_by": ("balance", ("weights", "sampler"))}

    split: str = Field("train", description="Rows to train on.")
    kind: Kind = Field("auto", description="Which stored form of an image to take.")
    labels: tuple[str, ...] | None = Field(
        None, min_length=2, description="Train on these classes alone, in this order; the others are left out."
    )
    validation: Annotated[float, Field(gt=0, lt=1)] | str = Field(
        0.1, description="Fraction of each class's tracks held back, whole; or the name of the split that is for it."
    )
    seed: int = Field(0, ge=0, description="Of what is held back; runs that differ in fit.seed share their validation.")
    hold_out_sources: tuple[str, ...] = Field(
        (), description="Validate on these sources, held back whole, instead of on a fraction of the tracks."
    )
    without_sources: tuple[str, ...] = Field((), description="Sources that are left out altogether.")
    images_per_class: int | None = Field(
        None, ge=1, description="Train on so many images of each class at most, spread over its tracks."
    )
    balance: Balance = Field("none", description="Rare groups count more in the loss (weights) or come more often.")
    balance_by: By = Field("class", description="What `balance` evens out.")
    unreadable: Fraction = Field(0.01, description="Fraction of the pictures that may be damaged; more stop the run.")
    citation: str = Field(description="What the data is, and what it asks to be cited; goes into the manifest.")

    @field_validator("split", "validation")
    @classmethod
    def _held_out_stays_held_out(cls, split: str | float) -> str | float:
        if isinstance(split, str) and split.startswith(HELD_OUT):
            raise ValueError(f"{split!r} is measured on, never trained on or chosen by")
        return split

    @model_validator(mode="after")
    def _validation_is_a_fraction_or_sources(self) -> Self:
        if self.hold_out_sources and "validation" in self.model_fields_set:
            raise ValueError("validation is a fraction of the tracks, a split, or hold_out_sources; one of them")
        if self.validation == self.split:
            raise ValueError(f"{self.split!r} is trained on, so validation needs another split, or a fraction")
        return self

    @property
    def splits(self) -> tuple[str, ...]:
        """All that a run sees or chooses by, training's first; nothing is published on them."""
        return (self.split, self.validation) if isinstance(self.validation, str) else (self.split,)
