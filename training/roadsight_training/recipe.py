"""What to run to get a model: one YAML, validated, frozen.

text --yaml--> mapping --pydantic--> Recipe
     BadRecipe         BadRecipe (the key, and the nearest known one)
"""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from roadsight_models.manifest import CropRule, Fraction, Slug, TaskName
from roadsight_training.datasets import Kind
from roadsight_training.errors import BadRecipe

Probability = Fraction
HELD_OUT = "test"  # the split that figures are published on


class Part(BaseModel):
    """A part of a recipe: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(Part):
    """What is trained on."""

    split: str = Field("train", description="Rows to train on; validation is taken out of them by whole tracks.")
    kind: Kind = Field("auto", description="Which stored form of an image to take.")
    validation: float = Field(0.1, gt=0, lt=1, description="Fraction of each class's tracks held back.")
    citation: str = Field(description="What the data is, and what it asks to be cited; goes into the manifest.")

    @field_validator("split")
    @classmethod
    def _held_out_stays_held_out(cls, split: str) -> str:
        if split == HELD_OUT:
            raise ValueError(f"{HELD_OUT!r} is measured on, never trained on")
        return split


class Network(Part):
    """What is trained."""

    name: str = Field(description="A name of `roadsight_training.networks.NETWORKS`.")
    weights: Literal["imagenet", "none"] = "imagenet"
    origin: str = Field("random", description="Where the weights come from, in words; goes into the manifest.")
    dropout: float = Field(0.2, ge=0, lt=1)


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


class Fit(Part):
    """How it is trained: AdamW under a one-cycle schedule."""

    epochs: int = Field(ge=1)
    batch_size: int = Field(64, ge=2)
    learning_rate: float = Field(gt=0, description="The peak of the cycle.")
    weight_decay: float = Field(0.02, ge=0)
    warm_up: float = Field(0.15, gt=0, lt=1, description="Fraction of the steps in which the rate rises.")
    label_smoothing: float = Field(0.05, ge=0, lt=1)
    average_decay: float = Field(0.998, ge=0, lt=1, description="Decay per step of the weights' moving average.")
    seed: int = Field(0, ge=0)
    workers: int = Field(1, ge=0, description="Processes that augment beside the training process; 0 for none.")


class Recipe(Part):
    """One published model: `roadsight train` turns it into a run, `roadsight export` into a bundle."""

    name: Slug
    task: TaskName
    licence: str = Field(description="Terms of the weights.")
    data: Data
    input: CropRule
    network: Network
    augment: Annotated[Augment, Field(default_factory=Augment)]
    fit: Fit


def parse(text: str, path: Path) -> Recipe:
    """Reads a recipe.

    Args:
        text: YAML.
        path: where it came from, for the message.

    Raises:
        BadRecipe: not YAML, a key unknown (with the nearest known one) or missing, or a value out of bounds.
    """
    try:
        return Recipe.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise BadRecipe(path, f"not YAML: {error}") from error
    except ValidationError as error:
        # A misspelt key is also a missing one; that it is misspelt is the better news.
        first = min(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        where = tuple(str(part) for part in first["loc"])
        why = _unknown(where) if first["type"] == "extra_forbidden" else f"{'.'.join(where)}: {first['msg']}"
        raise BadRecipe(path, why) from error


def read(path: Path) -> Recipe:
    """Reads a recipe file; raises BadRecipe as `parse` does, and where there is no such file."""
    if not path.is_file():
        raise BadRecipe(path, "no such file")
    return parse(path.read_text(encoding="utf-8"), path)


def _unknown(where: tuple[str, ...]) -> str:
    part: type[BaseModel] = Recipe
    for name in where[:-1]:
        annotation = part.model_fields[name].annotation
        part = next(kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type))
    known = sorted(part.model_fields)
    near = get_close_matches(where[-1], known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    return f"unknown key {'.'.join(where)!r}; {hint}"
