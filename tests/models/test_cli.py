import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from roadsight_models import cli
from roadsight_models.errors import BadBundle, RoadsightError


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


def refuse() -> None:
    """Fails as a command does whose user gave a wrong folder."""
    raise BadBundle(Path("there"), "no such file")


def broken() -> None:
    """Fails as a command does that has a bug."""
    raise ZeroDivisionError("ours")


tools = typer.Typer(help="Several in one.")


@tools.command()
def add(one: int, other: int) -> None:
    """Adds."""
    typer.echo(one + other)


@tools.command()
def halve(number: int) -> None:
    """Halves."""
    typer.echo(number / 2)


@pytest.fixture
def registered(importable: None, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("hello", "refuse", "broken", "tools")
    points = [point(name, f"{THIS}:{name}") for name in names]
    ours = [point("lost", "roadsight_models.lost:lost [training]"), point("bare", "no_such_module:bare")]
    monkeypatch.setattr(cli, "entry_points", lambda group: points + ours)


def test_an_error_of_ours_ends_in_one_line_and_status_1(registered: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["refuse"])
    assert ended.value.code == "error: there: no such file"  # the interpreter prints it and returns 1
    assert capsys.readouterr().out == ""


def test_in_a_shell_that_is_one_line_on_stderr(tmp_path: Path) -> None:
    code = f"""import sys
from roadsight_models import cli
from roadsight_models.errors import BadBundle
def build(points):
    def fail(arguments): raise BadBundle({str(tmp_path)!r}, "no such file")
    return fail
cli.build = build
cli.main(["serve"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"error: {tmp_path}: no such file\n")


def test_every_error_of_the_family_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in RoadsightError.__subclasses__():
        raised = error.__new__(error)
        Exception.__init__(raised, "why")

        def fail(_: object, raised: RoadsightError = raised) -> None:
            raise raised

        monkeypatch.setattr(cli, "build", lambda points, fail=fail: fail)
        with pytest.raises(SystemExit, match=r"^error: why$"):
            cli.main([])


def test_a_bug_is_not_dressed_up_as_the_user_s_fault(registered: None) -> None:
    with pytest.raises(ZeroDivisionError, match="ours"):
        cli.main(["broken"])


@pytest.mark.parametrize("name", ["lost", "bare"])
def test_a_module_of_ours_or_of_the_serving_set_that_is_missing_is_a_bug(registered: None, name: str) -> None:
    with pytest.raises(ModuleNotFoundError):
        cli.main([name])


@pytest.mark.parametrize("arguments", [["fly"], ["hello", "--loud"], ["hello", "you"], ["--fly"], ["tools", "fly"]])
def test_what_is_not_understood_ends_with_status_2_and_a_hint(
    registered: None, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "Error: " in said and "--help" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_without_a_command_all_are_listed(
    registered: None, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(arguments)
    written = capsys.readouterr()
    listing = written.out + written.err
    assert all(name in listing for name in ("hello", "refuse", "tools", "lost", "bare"))


def test_a_command_may_have_commands_of_its_own(registered: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["tools", "add", "2", "3"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == "5\n"


def test_only_what_is_called_is_imported(registered: None, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    load = EntryPoint.load

    def noted(point: EntryPoint) -> object:
        loaded.append(point.name)
        return load(point)

    monkeypatch.setattr(EntryPoint, "load", noted)
    with pytest.raises(SystemExit):
        cli.main(["hello"])
    assert loaded == ["hello"]


def test_every_registered_command_can_be_loaded_and_names_the_extra_it_needs() -> None:
    points = entry_points(group=cli.GROUP)
    assert {"draw", "serve", "demo", "train", "evaluate", "export", "data"} <= {point.name for point in points}
    for each in points:
        assert ("training" in each.extras) == each.module.startswith("roadsight_training"), each.name


def test_the_package_can_be_run_as_a_module(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "roadsight_models", "draw", str(tmp_path / "road.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("[[") and (tmp_path / "road.jpg").stat().st_size > 10_000
