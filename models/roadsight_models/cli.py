"""The command `roadsight`. Knows no sub-command: each room registers its own under `roadsight.commands`.

entry point --load--> function or typer app --> sub-command
            ModuleNotFoundError -> the extra that is missing
"""

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points

import typer

from roadsight_models.errors import RoadsightError

GROUP = "roadsight.commands"


def build(points: Sequence[EntryPoint]) -> typer.Typer:
    """Makes the typer app of these commands; one whose extra is not installed is listed, and says so when called."""
    # Without markup: Rich would take the extra in `roadsight[training]` for a style.
    app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

    @app.callback()
    def roadsight() -> None:
        """Road perception as a service: traffic signs and road objects from camera frames."""

    for point in points:
        try:
            loaded = point.load()
        except ModuleNotFoundError as error:
            app.command(point.name, help=f"Needs {_remedy(point)}")(_raiser(error))
            continue
        if isinstance(loaded, typer.Typer):
            app.add_typer(loaded, name=point.name)
        else:
            app.command(point.name)(loaded)
    return app


def _remedy(point: EntryPoint) -> str:
    return f"pip install 'roadsight[{','.join(point.extras)}]'"


def _raiser(error: ModuleNotFoundError) -> Callable[[], None]:
    def missing() -> None:
        raise error

    return missing


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command line; what a user did wrong ends in one line, not in a traceback."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    called = [point for point in points if point.name in arguments[:1]]
    try:
        # Only what is called is imported: to serve takes no torch.
        build(called or points)(arguments)
    except ModuleNotFoundError as error:
        ours = str(error.name).startswith("roadsight")
        if ours or not (called and called[0].extras):
            raise
        sys.exit(f"roadsight {called[0].name} needs {error.name}: {_remedy(called[0])}")
    except RoadsightError as error:
        sys.exit(f"error: {error}")
