"""`roadsight attack`: how easily a bundle's answers are bent, on pictures of a split."""

# ruff: noqa: PLC0415  (see the docstring of this package)

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from roadsight_models import bundle as bundles
from roadsight_models.manifest import PrecisionName
from roadsight_models.robustness.epsilons import read_epsilon
from roadsight_models.robustness.names import Norm
from roadsight_training.commands import AnySplit, DataFolder
from roadsight_training.commands.resumable import resumable

if TYPE_CHECKING:
    from roadsight_models.manifest import Manifest


def attack(
    bundle: Annotated[Path, typer.Argument(help="The folder of a bundle's version.")],
    folder: DataFolder,
    name: Annotated[
        str,
        typer.Option("--attack", help="`substitute`, or one that the service has, too: an unknown one lists these."),
    ] = "pgd",
    epsilon: Annotated[
        list[str] | None,
        typer.Option(help="How far pictures may go, of [0, 1]: 8/255 or 0.03; repeatable, for a curve. Default 8/255."),
    ] = None,
    norm: Annotated[Norm | None, typer.Option(help="Default the first that the attack knows.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Of the attack; default its own.")] = None,
    restarts: Annotated[int | None, typer.Option(min=1, help="Likewise.")] = None,
    own: Annotated[
        int | None, typer.Option(min=2, help="Training pictures that `substitute` has to learn from; default 1000.")
    ] = None,
    n: Annotated[int, typer.Option("--n", min=1, help="How many pictures, drawn once and for all.")] = 1000,
    split: AnySplit = "test",
    precision: Annotated[PrecisionName, typer.Option(help="Which graph is attacked.")] = "float32",
    jpeg: Annotated[
        int | None, typer.Option(min=1, max=100, help="Quality of the JPEG that pictures pass through on their way.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The label that they are to get; default any but theirs.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the attack.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder; a run there goes on. Default runs/attack-BUNDLE-ATTACK.")
    ] = None,
    checks: Annotated[bool, typer.Option("--checks", help="Look for signs of gradient masking, too.")] = False,
    stress: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What `stress --json` wrote, for the page.")
    ] = None,
    record: Annotated[bool, typer.Option("--record", help="Write the figures into the bundle's manifest.")] = False,
) -> None:
    """Attack a bundle: figures.json and report.html with what withstood. Ctrl-C keeps what is done.

    The same command goes on with a run that was interrupted.
    """
    from roadsight_training.attacking import run as room
    from roadsight_training.attacking.asked import Asked
    from roadsight_training.attacking.named import Attacker, named
    from roadsight_training.judging.corrupted import read_stress

    opened = bundles.load(bundle)
    attacks = named(name, steps, restarts, Attacker(opened.manifest, folder, split, own, seed))
    ball = room.norm_of(attacks, norm)
    _check(opened.manifest, ball, epsilon, target)
    epsilons = tuple(sorted({read_epsilon(text) for text in epsilon or ["8/255"]})) if ball else (1.0,)
    asked = Asked(name, ball, epsilons, n, split, precision, seed, jpeg, target, steps, restarts, own)
    place = out or Path("runs") / f"attack-{opened.manifest.name}-{opened.manifest.version}-{name}"
    told = read_stress(stress) if stress else []
    with resumable(place):
        figures, bundle_now = room.run(opened, folder, asked, attacks, place, checks, told, record)
    _tell(figures, place / "report.html", bundle_now.folder if record else None)


def _tell(figures: dict[str, Any], page: Path, recorded: Path | None) -> None:
    Console().print(table(figures))
    lines = [f"{'holds' if check['holds'] else 'does not hold'}: {check['name']}" for check in figures["checks"] or ()]
    lines += [f"see {page}", *([f"recorded: {recorded}"] if recorded else [])]
    Console(soft_wrap=True).print("\n".join(lines), markup=False, highlight=False)


def table(figures: dict[str, Any]) -> Table:
    """Lays the figures out for a terminal: a row an epsilon."""
    run = figures["run"]
    title = f"{run['bundle']} under {run['attack']} on {figures['n']} of {run['split']}, {run['precision']}"
    out = Table(f"epsilon, {run['norm'] or 'no ball'}", "top-1", "95 %", "steps", "queries", "seconds", title=title)
    low, high = figures["clean"]["interval"]
    out.add_row("clean", f"{figures['clean']['top1']:.2%}", f"{low:.2%} .. {high:.2%}", "", "", "")
    for point in figures["curve"]:
        low, high = point["interval"]
        spent = point["spent"]
        cost = f"{spent['steps']:.1f}", f"{spent['queries']:.1f}", f"{spent['seconds']:.3f}"
        out.add_row(point["shown"], f"{point['robust']:.2%}", f"{low:.2%} .. {high:.2%}", *cost)
    return out


def _check(manifest: "Manifest", ball: Norm | None, epsilon: list[str] | None, target: str | None) -> None:
    if target is not None and target not in manifest.labels:
        there = ", ".join(manifest.labels)
        raise typer.BadParameter(f"no class {target!r}; there are: {there}", param_hint="--target")
    if epsilon and ball is None:
        raise typer.BadParameter("the attack has no ball, so no epsilon", param_hint="--epsilon")
