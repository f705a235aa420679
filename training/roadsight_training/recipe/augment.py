"""`augment:` of a recipe: what is done to a training crop."""

from pydantic import Field, field_validator

from roadsight_training.recipe.part import Part, Probability


class Augment(Part):
    """What is done to a training crop; each range is drawn from anew for every picture and epoch."""

    margin: tuple[float, float] = Field((-0.08, 0.25), description="Fraction of the box's side added on each side.")
    rotate_degrees: float = Field(12, ge=0, le=45)
    shear_degrees: float = Field(8, ge=0, le=45)
    perspective: float = Field(0.06, ge=0, le=0.3, description="Each corner moves by up to this fraction of the side.")
    small: Probability = Field(0.3, description="How often a crop is reduced to 14..40 px and enlarged again.")
    motion_blur: Probability = Field(0.15, description="How often a crop is smeared along a line of 3..9 px.")
    brightness: float = Field(0.5, ge=0, le=1)
    contrast: float = Field(0.5, ge=0, le=1)
    saturation: float = Field(0.5, ge=0, le=1)
    hue: float = Field(0.03, ge=0, le=0.5)
    blur: Probability = Field(0.2, description="How often a Gaussian blur is applied.")
    noise: Probability = Field(0.3, description="How often Gaussian noise is added.")

    @field_validator("margin")
    @classmethod
    def _margin_is_a_range(cls, margin: tuple[float, float]) -> tuple[float, float]:
        if not -0.4 <= margin[0] <= margin[1] <= 1:
            raise ValueError("two numbers are expected, the lower first, both within -0.4 and 1")
        return margin
