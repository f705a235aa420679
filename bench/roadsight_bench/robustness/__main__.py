"""`python -m roadsight_bench.robustness`: what checks cost the live frames beside them, on this machine.

bundles --measure--> checks, pairs --figures--> bench/robustness.json, a table
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from roadsight_bench import machine, results, wrk
from roadsight_bench.errors import BenchError
from roadsight_bench.robustness import figures, table
from roadsight_bench.robustness.measure import FULL, LOADS, QUICK, measure
from roadsight_models.robustness.names import DEFAULT

ROOT = Path(__file__).parents[3]


def main(
    bundles: Annotated[Path, typer.Option(help="Those that the service picks.")] = ROOT / "models" / "bundles",
    out: Annotated[Path, typer.Option(help="The file of the results.")] = ROOT / "bench" / "robustness.json",
    attack: Annotated[str, typer.Option(help="What the checks try.")] = DEFAULT,
    quick: Annotated[bool, typer.Option("--quick", help="A second a load: shows that it works, not how fast.")] = False,
) -> None:
    """Measures what checks of robustness cost live frames, and how long one takes."""
    try:
        here, tool = machine.look(), wrk.find()
        idle, memory, measured = measure(LOADS, bundles, attack, QUICK if quick else FULL, tool)
    except BenchError as error:
        sys.exit(f"error: {error}")
    loads = figures.summary(measured)
    misses = list(figures.misses(attack, idle, loads))
    alone = {task: asdict(checks) for task, checks in idle.items()}
    found = {"idle": alone, "memory": asdict(memory), "loads": loads}
    document = results.document(here, "cpu", quick, found) | {"attack": attack}
    out.write_text(json.dumps(document, indent=1) + "\n")
    print(
        *table.lines(idle, memory, loads), *misses, table.last_line(attack, idle, loads, len(misses), quick), sep="\n"
    )


if __name__ == "__main__":
    typer.run(main)
