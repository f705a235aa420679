"""`python -m roadsight_bench.endurance`: how the service starts and lasts, on this machine.

bundles, mixture --starts, endure--> starts, marks --figures--> bench/endurance.json, a table
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from roadsight_bench import machine, results, wrk
from roadsight_bench.endurance import figures, mixture, table
from roadsight_bench.endurance.endure import endure, starts
from roadsight_bench.errors import BenchError

ROOT = Path(__file__).parents[3]
REQUESTS = 100_000  # what the targets are about


def main(
    requests: Annotated[int, typer.Option(min=1, help="How many answers it takes.")] = REQUESTS,
    bundles: Annotated[Path, typer.Option(help="Those that the service picks.")] = ROOT / "models" / "bundles",
    out: Annotated[Path, typer.Option(help="The file of the results.")] = ROOT / "bench" / "endurance.json",
    count: Annotated[int, typer.Option("--starts", min=1, help="How often the service is started.")] = 5,
) -> None:
    """Measures start, memory, and whether memory and latency stay as they are."""
    try:
        here, tool, mixed = machine.look(), wrk.find(), mixture.draw()
        begun = starts(bundles, mixed[0].body, count)
        found = figures.summary(begun, list(endure(bundles, mixed, requests, tool)))
    except BenchError as error:
        sys.exit(f"error: {error}")
    misses = list(figures.misses(found))
    out.write_text(json.dumps(results.document(here, "cpu", requests < REQUESTS, found), indent=1) + "\n")
    print(*table.lines(found), *misses, table.last_line(found, len(misses)), sep="\n")


if __name__ == "__main__":
    typer.run(main)
