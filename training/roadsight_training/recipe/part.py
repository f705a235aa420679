"""What all parts of a recipe share: they never change, and an unknown key is refused."""

from pydantic import BaseModel, ConfigDict

from roadsight_models.manifest import Fraction

Probability = Fraction


class Part(BaseModel):
    """A part of a recipe: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
