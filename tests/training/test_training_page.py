"""docs/training.md: its commands are understood, and its options are those that there are."""

import re
import shlex
from importlib.metadata import EntryPoint, entry_points
from itertools import chain
from typing import get_args

import pytest
import typer

from import_graph import ROOT
from roadsight_models import cli
from roadsight_training.datasets import LAYOUTS
from roadsight_training.networks import NETWORKS
from roadsight_training.recipe import read
from roadsight_training.recipe.adversary import Method
from roadsight_training.recipe.data import Balance
from roadsight_training.recipe.fit import Optimiser, Schedule

PAGE = (ROOT / "docs" / "training.md").read_text()
ROW = re.compile(r"^\| `([\w.]+)`[^|]* \| (.*) \|$", re.MULTILINE)
OPTIONS = {name: set(re.findall(r"`(\w+)`", told)) for name, told in ROW.findall(PAGE)}


def commands() -> list[list[str]]:
    """The words of each line of the page that calls `roadsight`, without its name."""
    lines = chain.from_iterable(block.splitlines() for block in re.findall(r"^```\n(.*?)^```", PAGE, re.M | re.S))
    recipe = re.findall(r"^recipe=(\S+)$", PAGE, re.MULTILINE)[0]
    called = [line for line in lines if line.startswith(("$roadsight ", ".venv/bin/roadsight "))]
    return [shlex.split(line.partition(" #")[0].replace("$recipe", recipe))[1:] for line in called]


def entry(name: str) -> EntryPoint:
    (point,) = entry_points(group=cli.GROUP, name=name)
    return point


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_each_command_of_the_page_is_understood(words: list[str]) -> None:
    command = typer.main.get_command(cli.build([entry(words[0])]))
    while hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    with command.make_context(command.name, words):  # raises where an option is unknown or can't be read
        pass


def test_the_page_shows_each_step_from_pictures_to_a_bundle() -> None:
    steps = ["data", "data", "find-lr", "train", "report", "export", "publish", "evaluate", "stress", "attack"]
    assert [words[0] for words in commands()][: len(steps)] == steps


def test_every_network_is_named() -> None:
    plain = {name for name in NETWORKS if not name.endswith("_bn")}
    assert OPTIONS["network.name"] - {"_bn"} == plain
    assert {name.removesuffix("_bn") for name in NETWORKS.keys() - plain} == {n for n in plain if n.startswith("vgg")}


def test_options_are_those_that_a_recipe_may_have() -> None:
    assert OPTIONS["fit.optimiser"] == set(get_args(Optimiser))
    assert set(get_args(Schedule)) <= OPTIONS["fit.schedule"]
    assert set(get_args(Balance)) == OPTIONS["data.balance"]
    assert set(get_args(Method)) <= OPTIONS["adversary"]


def test_there_are_as_many_layouts_as_it_says() -> None:
    words = ["seven", "eight", "nine", "ten"]
    assert f"`--data` takes {words[len(LAYOUTS) - 7]} layouts" in PAGE


def test_the_recipe_against_an_adversary_has_what_the_page_says() -> None:
    options = r"method: (\w+), epsilon: (\d+)/255, steps: (\d+), judging_epsilon: (\d+)/255"
    shown = re.findall(rf"^adversary: \{{{options}\}}", PAGE, re.MULTILINE)
    recipe = read(ROOT / "training" / "recipes" / "traffic-sign-robust.yaml").adversary
    assert recipe is not None and recipe.judging_epsilon is not None
    levels = (f"{epsilon * 255:.0f}" for epsilon in (recipe.epsilon, recipe.judging_epsilon))
    assert shown == [(recipe.method, next(levels), str(recipe.steps), next(levels))]
