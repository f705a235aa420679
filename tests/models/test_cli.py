import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest
import typer
from typer.testing import CliRunner

from roadsight_models import cli


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, cli.GROUP)


def hello() -> None:
    """Says hello."""
    typer.echo("hello")


THIS = "test_cli"


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, THIS, sys.modules[__name__])


def test_a_room_s_command_is_found_by_its_entry_point(importable: None) -> None:
    result = CliRunner().invoke(cli.build([point("hello", f"{THIS}:hello")]), ["hello"])
    assert result.output == "hello\n"


def test_a_command_without_its_extra_is_listed_and_names_the_extra(importable: None) -> None:
    app = cli.build([point("hello", f"{THIS}:hello"), point("train", "no_such_module:train [training]")])
    listing = CliRunner().invoke(app, ["--help"]).output
    assert "Says hello" in listing
    assert "roadsight[training]" in listing


def test_a_call_without_the_extra_ends_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    train = point("train", "no_such_module:train [training]")
    monkeypatch.setattr(cli, "entry_points", lambda group: [train])
    with pytest.raises(SystemExit, match=r"roadsight train needs no_such_module: pip install 'roadsight\[training\]'"):
        cli.main(["train"])


def test_to_serve_imports_no_torch() -> None:
    code = """import sys
from roadsight_models.cli import main
try:
    main(["serve", "--help"])
except SystemExit:
    print("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "False"
