"""`distil:` of a recipe: networks that have learnt already, and how much is learnt from them."""

from pathlib import Path

from pydantic import Field

from roadsight_training.recipe.part import Part


class Distil(Part):
    """Whom a network learns from beside the labels."""

    teachers: tuple[Path, ...] = Field(
        min_length=1,
        description="Runs, or checkpoints of runs, that know the same labels from the same crops, at any size: their "
        "answers are averaged.",
    )
    share: float = Field(
        0.5, gt=0, le=1, description="How much of the target is the teachers' answer; what is left is the label."
    )
