"""`publish:` of a recipe: what a model must reach before anybody is served by it."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from roadsight_models.manifest import Fraction
from roadsight_training.recipe.data import HELD_OUT
from roadsight_training.recipe.part import Part

Least = Literal["top1", "macro_f1", "mean_recall", "lowest_recall"]


class Publish(Part):
    """What is measured, and which figures stop a publication."""

    split: str = Field(HELD_OUT, description="What the gates are about.")
    also: tuple[str, ...] = Field((), description="Splits whose figures are published beside, such as other cameras.")
    min_support: int = Field(1, ge=1, description="A class with fewer images counts in no macro figure.")
    stress: int = Field(
        0, ge=0, description="Images that are shown corrupted, loosely cropped and so on, too; 0: none."
    )
    at_least: dict[Least, Fraction] = Field({}, description="Figures of the split; lowest_recall is of any class.")
    ece: Fraction = Field(0.05, description="Expected calibration error, at most.")
    time: float | None = Field(
        None,
        gt=0,
        description="Of the graph that the service picks on this CPU, as a share of float32 ResNet-18's on 64 px, at "
        "most.",
    )
    parameters: int | None = Field(None, ge=1, description="At most.")
    precisions: tuple[Literal["float16", "int8"], ...] = Field(
        ("float16", "int8"), description="Graphs beside float32."
    )
    spared: int = Field(0, ge=0, description="Convolutions, from the input on, that int8 leaves in float32.")
    loss: Fraction = Field(0.003, description="Of top-1 in any of these, at most.")

    @field_validator("split", "also")
    @classmethod
    def _validation_is_chosen_on(cls, splits: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if "validation" in ([splits] if isinstance(splits, str) else splits):
            raise ValueError("validation is chosen on, so nobody is served by its figures")
        return splits

    @model_validator(mode="after")
    def _loss_is_of_a_precision(self) -> Self:
        if "loss" in self.model_fields_set and not self.precisions:
            raise ValueError("loss goes with precisions: float16 or int8")
        if self.spared and "int8" not in self.precisions:
            raise ValueError("spared goes with the precision int8")
        return self
