"""`augment:` of a recipe: what is done to a training crop."""

from typing import Self

from pydantic import Field, field_validator, model_validator

from roadsight_training.recipe.part import Part, Probability

SMALL_SIDE = (14, 40)


class Augment(Part):
    """What is done to a training crop, drawn anew each time; light, blur, noise and JPEG for a few crops together."""

    margin: tuple[float, float] = Field((-0.08, 0.25), description="Fraction of the crop's side added on each side.")
    translate: float = Field(0.0, ge=0, le=0.5, description="The crop moves by up to this fraction of its side.")
    zoom: float = Field(0.0, ge=0, le=1, description="0.2: the crop's sides are multiplied by 1/1.2 to 1.2.")
    rotate_degrees: float = Field(12, ge=0, le=45)
    shear_degrees: float = Field(8, ge=0, le=45)
    perspective: float = Field(0.06, ge=0, le=0.3, description="Each corner moves by up to this fraction of the side.")
    flip: Probability = Field(
        0.0, description="How often a picture is mirrored, if its mirror image has a label; it then gets that one."
    )
    mirror: dict[str, str] = Field(
        {}, description="Labels that are each other's mirror image, or their own, beside those that are known."
    )
    small: Probability = Field(0.3, description="How often a crop is reduced to `small_side` and enlarged again.")
    small_side: tuple[int, int] = Field(SMALL_SIDE, description="In pixels, from and to.")
    motion_blur: Probability = Field(0.15, description="How often a crop is smeared along a line of 3..9 px.")
    occlusion: Probability = Field(
        0.0, description="How often a rectangle of 2 % to 20 % is covered with noise, a grey or the mean colour."
    )
    brightness: float = Field(0.5, ge=0, le=1)
    contrast: float = Field(0.5, ge=0, le=1)
    saturation: float = Field(0.5, ge=0, le=1)
    hue: float = Field(0.03, ge=0, le=0.5)
    blur: Probability = Field(0.2, description="How often a Gaussian blur is applied.")
    noise: Probability = Field(0.3, description="How often Gaussian noise is added.")
    jpeg: Probability = Field(0.0, description="How often a crop goes through JPEG, at a quality of 30..90.")
    mixup: float = Field(
        0.0,
        ge=0,
        le=2,
        description="Alpha of the Beta distribution of the shares in which two crops are mixed; 0: none.",
    )

    @model_validator(mode="after")
    def _details_go_with_what_they_are_of(self) -> Self:
        if self.mirror and not self.flip:
            raise ValueError("mirror goes with flip: over 0")
        if self.small_side != SMALL_SIDE and not self.small:
            raise ValueError("small_side goes with small: over 0")
        return self

    @field_validator("margin")
    @classmethod
    def _margin_is_a_range(cls, margin: tuple[float, float]) -> tuple[float, float]:
        if not -0.4 <= margin[0] <= margin[1] <= 1:
            raise ValueError("two numbers are expected, the lower first, both within -0.4 and 1")
        return margin

    @field_validator("small_side")
    @classmethod
    def _small_side_is_a_range(cls, side: tuple[int, int]) -> tuple[int, int]:
        if not 4 <= side[0] <= side[1] <= 1024:
            raise ValueError("two numbers are expected, the lower first, both within 4 and 1024")
        return side

    @field_validator("mirror")
    @classmethod
    def _mirror_images_are_mutual(cls, mirror: dict[str, str]) -> dict[str, str]:
        both = mirror | {image: label for label, image in mirror.items()}
        for label, image in mirror.items():
            if both[label] != image or both[image] != label:
                raise ValueError(f"{label!r} and {image!r} are not each other's mirror image: one has another, too")
        return both
