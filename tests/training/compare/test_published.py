"""What the pages of docs/ say of comparisons is what `roadsight compare` wrote, of recipes that are there."""

import re
import shlex
from pathlib import Path

import pytest

from roadsight_training.compare.page import table
from roadsight_training.compare.result import load_all
from roadsight_training.networks import NETWORKS
from roadsight_training.recipe import read

ROOT = Path(__file__).parents[3]
PAGES = sorted((ROOT / "docs").glob("*.md"))
TEXT = "".join(page.read_text() for page in PAGES)
COMPARISONS = sorted(path.parent for path in (ROOT / "docs" / "comparisons").glob("*/compare.json"))
each_comparison = pytest.mark.parametrize("folder", COMPARISONS, ids=lambda folder: folder.name)


def commands() -> list[list[str]]:
    """The `roadsight compare` commands of the pages, their continued lines joined."""
    joined = TEXT.replace("\\\n", " ")
    return [shlex.split(line) for line in re.findall(r"^\.venv/bin/roadsight compare .*$", joined, re.MULTILINE)]


def recipes_of(command: list[str]) -> list[Path]:
    named = command[2 : command.index("--data")]
    return [path for name in named for path in sorted(ROOT.glob(name))]


def test_each_comparison_has_its_command_on_a_page() -> None:
    out = {Path(command[command.index("--out") + 1]).name for command in commands()}
    assert out == {folder.name for folder in COMPARISONS}


@each_comparison
def test_a_table_of_a_page_is_what_was_measured(folder: Path) -> None:
    assert table(load_all(folder)) in TEXT


@each_comparison
def test_the_command_of_a_comparison_runs_the_recipes_that_were_compared(folder: Path) -> None:
    (command,) = [command for command in commands() if Path(command[command.index("--out") + 1]).name == folder.name]
    recipes = {path.stem: read(path) for path in recipes_of(command)}
    results = {result.name: result for result in load_all(folder)}
    assert {name: recipe.network.name for name, recipe in recipes.items()} == {
        name: result.network for name, result in results.items()
    }
    assert len({(result.budget_seconds, result.split, result.n) for result in results.values()}) == 1


def test_every_network_was_compared() -> None:
    assert {result.network for result in load_all(ROOT / "docs" / "comparisons" / "networks")} == set(NETWORKS)
