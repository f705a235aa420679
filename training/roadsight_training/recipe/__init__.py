"""Recipes: what to run to get a model. `recipe.py` reads them; each other file is one part of the YAML."""

from roadsight_training.recipe.adversary import Adversary
from roadsight_training.recipe.augment import Augment
from roadsight_training.recipe.data import HELD_OUT, Data
from roadsight_training.recipe.distil import Distil
from roadsight_training.recipe.fit import Fit
from roadsight_training.recipe.network import Network, Transfer
from roadsight_training.recipe.publish import Publish
from roadsight_training.recipe.recipe import Recipe, parse, read, text_of

__all__ = [
    "HELD_OUT",
    "Adversary",
    "Augment",
    "Data",
    "Distil",
    "Fit",
    "Network",
    "Publish",
    "Recipe",
    "Transfer",
    "parse",
    "read",
    "text_of",
]
