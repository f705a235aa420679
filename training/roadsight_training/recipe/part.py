"""What all parts of a recipe share: they never change, and what is unknown or has no effect is refused."""

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator

from roadsight_models.manifest import Fraction

Probability = Fraction


class Part(BaseModel):
    """A part of a recipe: immutable; unknown keys are refused, and options that another one leaves without effect."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    goes_with: ClassVar[dict[str, tuple[str, tuple[str, ...]]]] = {}  # option -> the one it depends on, and its values

    @model_validator(mode="after")
    def _every_option_has_an_effect(self) -> Self:
        for option, (other, values) in self.goes_with.items():
            if option in self.model_fields_set and getattr(self, other) not in values:
                raise ValueError(f"{option} goes with {other}: {' or '.join(values)}")
        return self
