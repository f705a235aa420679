"""What to run to get a model: one YAML, validated, frozen.

text --yaml--> mapping --extends--> mapping --pydantic--> Recipe
     BadRecipe         BadRecipe            BadRecipe (the key, and the nearest known one)
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from roadsight_models.manifest import CropRule, Slug, TaskName
from roadsight_training.errors import BadRecipe
from roadsight_training.recipe.adversary import Adversary
from roadsight_training.recipe.augment import Augment
from roadsight_training.recipe.data import Data
from roadsight_training.recipe.distil import Distil
from roadsight_training.recipe.fit import Fit
from roadsight_training.recipe.network import Network, Transfer
from roadsight_training.recipe.part import Part
from roadsight_training.recipe.publish import Publish

EXTENDS = "extends"
MAX_DEPTH = 8  # files that may extend one another


class Recipe(Part):
    """One published model: `roadsight train` turns it into a run, `roadsight export` into a bundle."""

    name: Slug
    task: TaskName
    licence: str = Field(description="Terms of the weights.")
    data: Data
    input: CropRule
    network: Network
    transfer: Annotated[Transfer, Field(default_factory=Transfer)]
    augment: Annotated[Augment, Field(default_factory=Augment)]
    distil: Distil | None = None
    adversary: Adversary | None = None
    fit: Fit
    publish: Annotated[Publish, Field(default_factory=Publish)]

    @model_validator(mode="after")
    def _parts_go_together(self) -> Self:
        if seen := set(self.data.splits).intersection((self.publish.split, *self.publish.also)):
            raise ValueError(f"publish: {seen.pop()!r} is trained on or chosen by, so nobody is served by its figures")
        by_clean = self.fit.keep == "last" or self.fit.early_stopping is not None or self.fit.schedule == "plateau"
        if self.adversary is not None and by_clean:
            raise ValueError("adversary: keep: last, early_stopping and plateau of fit do not heed what withstands it")
        return self


def parse(text: str, path: Path) -> Recipe:
    """Understands a whole recipe.

    Args:
        text: YAML without `extends`.
        path: where it came from, for the message.

    Raises:
        BadRecipe: not YAML, a key unknown (with the nearest known one) or missing, or a value out of bounds.
    """
    try:
        return Recipe.model_validate(_mapping(text, path))
    except ValidationError as error:
        # A misspelt key is also a missing one; that it is misspelt is the better news.
        first = min(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        where = tuple(str(part) for part in first["loc"])
        why = _unknown(where) if first["type"] == "extra_forbidden" else f"{'.'.join(where)}: {first['msg']}"
        raise BadRecipe(path, why) from error


def read(path: Path) -> Recipe:
    """Reads a recipe file; raises BadRecipe as `parse` does, and where there is no such file."""
    return parse(text_of(path), path)


def text_of(path: Path) -> str:
    """Gives a recipe file as YAML that needs no other file: what `extends:` names is merged in, key by key.

    A key that is null takes away what is inherited, so that the default holds again.

    Raises:
        BadRecipe: a file is missing, is not YAML, or more than 8 extend one another.
    """
    text, depth = _load(path), 0
    mapping = _mapping(text, path)
    while EXTENDS in mapping:
        depth += 1
        if depth > MAX_DEPTH:
            raise BadRecipe(path, f"more than {MAX_DEPTH} recipes extend one another")
        path = path.parent / str(mapping.pop(EXTENDS))
        mapping = _merge(_mapping(_load(path), path), mapping)
    if not depth:
        return text
    return yaml.safe_dump(_without_nulls(mapping), sort_keys=False, allow_unicode=True, width=120)


def _load(path: Path) -> str:
    if not path.is_file():
        raise BadRecipe(path, "no such file")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadRecipe(path, f"not UTF-8: {error}") from error


def _mapping(text: str, path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadRecipe(path, f"not YAML: {error}") from error
    if not isinstance(loaded, dict):
        raise BadRecipe(path, "a recipe is a YAML mapping of name, task, data, input, network, fit")
    return loaded


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    if "weights" in over and "origin" not in over:
        merged["origin"] = None  # says in words where the other weights came from
    return merged


def _without_nulls(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_nulls(value) if isinstance(value, dict) else value
        for key, value in mapping.items()
        if value is not None
    }


def _unknown(where: tuple[str, ...]) -> str:
    part: type[BaseModel] = Recipe
    for name in where[:-1]:
        annotation = part.model_fields[name].annotation
        part = next(kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type))
    known = sorted(part.model_fields)
    near = get_close_matches(where[-1], known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    return f"unknown key {'.'.join(where)!r}; {hint}"
