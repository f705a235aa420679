"""`python -m roadsight_bench.growth`: how the cost of an answer grows, on this machine.

bundles --measure, batches--> samples --figures--> bench/growth.json, two tables
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from roadsight_bench import machine, results, wrk
from roadsight_bench.errors import BenchError
from roadsight_bench.growth import batches, figures, table
from roadsight_bench.growth.loads import LOADS, TASKS
from roadsight_bench.growth.measure import FULL, QUICK, measure
from roadsight_models import bundle
from roadsight_models.errors import BadBundle, RoadsightError
from roadsight_models.session import open_session

ROOT = Path(__file__).parents[3]


def main(
    bundles: Annotated[Path, typer.Option(help="Those that the service picks.")] = ROOT / "models" / "bundles",
    out: Annotated[Path, typer.Option(help="The file of the results.")] = ROOT / "bench" / "growth.json",
    quick: Annotated[bool, typer.Option("--quick", help="A second a load: shows that it works, not how fast.")] = False,
) -> None:
    """Measures how cost grows with frame size, regions, tasks, connections and batch."""
    try:
        here, loads, batched = _measure(bundles, quick)
    except (BenchError, RoadsightError) as error:
        sys.exit(f"error: {error}")
    misses = list(figures.misses(loads))
    document = results.document(here, "cpu", quick, {"loads": loads, "batches": batched})
    out.write_text(json.dumps(document, indent=1) + "\n")
    print(*table.lines(loads, batched), *misses, table.last_line(loads, len(misses), quick), sep="\n")


def _measure(root: Path, quick: bool) -> tuple[machine.Machine, dict[str, results.Figures], dict[str, results.Figures]]:
    here, tool, plan = machine.look(), wrk.find(), QUICK if quick else FULL
    loaded = [bundle.load(folder) for folder in bundle.one_a_task(bundle.latest(root)).values()]
    sessions = {one.manifest.task: open_session(one, "cpu") for one in loaded}
    if missing := set(TASKS) - sessions.keys():
        raise BadBundle(root, f"no bundle serves {', '.join(sorted(missing))}")
    loads = figures.summary(measure(LOADS, sessions, root, plan, tool))
    batched = {
        f"{one.manifest.name} {precision}": sizes
        for one in loaded
        for precision, sizes in batches.measure(one, plan.rounds, plan.batch_s).items()
    }
    return here, loads, figures.batches(batched)


if __name__ == "__main__":
    typer.run(main)
