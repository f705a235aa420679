"""`docs/robustness.md` names every attack as it is, and claims no figure without its command."""

import re
import shlex
from importlib.metadata import EntryPoint
from itertools import chain

import typer

from import_graph import ROOT
from roadsight_models import cli
from roadsight_models.robustness.adaptive import Adaptive
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.catalogue import ATTACKS
from roadsight_training.substitute import Substitute

PAGE = (ROOT / "docs" / "robustness.md").read_text()
ROOM = ("attack", "certify", "suspicion", "stress")


def rows(heading: str) -> list[list[str]]:
    """Cells of the table under a line that begins so, without its head."""
    lines = PAGE[PAGE.index(f"\n{heading}") :].splitlines()[2:]
    table = next((at for at, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:table]]


def test_each_attack_is_told_with_what_it_must_know_and_its_norms() -> None:
    single: dict[str, Attack | type[Attack]] = {name: some[0] for name, some in ATTACKS.items() if len(some) == 1}
    single |= {Substitute.name: Substitute, Adaptive.name: Adaptive}
    told = {name.strip("`"): (access, norms, source) for name, access, norms, source, _ in rows("| attack | access")}
    assert told == {name: (one.access, ", ".join(one.norms) or "none", one.source) for name, one in single.items()}


def test_several_in_turn_are_told_of_too() -> None:
    for name in (name for name, some in ATTACKS.items() if len(some) > 1):
        assert f"`{name}`" in PAGE


def test_a_figure_has_its_command() -> None:
    for what, figure, command in rows("| what | figure | command"):
        assert figure == "not measured yet" or re.search(r"\d", figure), what
        assert command.startswith("`roadsight "), what


def test_every_command_of_the_page_is_understood() -> None:
    blocks = re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    lines = [line.split(" #")[0] for line in chain.from_iterable(block.splitlines() for block in blocks)]
    lines += re.findall(r"`(roadsight [^`]+)`", "\n".join(row[2] for row in rows("| what | figure | command")))
    app = typer.main.get_command(
        cli.build([EntryPoint(name, f"roadsight_training.commands.{name}:{name}", cli.GROUP) for name in ROOM])
    )
    tried = [shlex.split(line)[1:] for line in lines if line.startswith(tuple(f"roadsight {name}" for name in ROOM))]
    assert len(tried) > 15
    for name, *words in tried:
        command = app.commands[name]  # type: ignore[attr-defined]
        with command.make_context(name, words):  # raises where an option is unknown or can't be read
            pass
