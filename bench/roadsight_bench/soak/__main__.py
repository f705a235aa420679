"""`python -m roadsight_bench.soak`: how the service bears a hard life, on this machine.

bundles --soak--> Step(s) --figures--> bench/soak.json, a table
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from roadsight_bench import machine, results, wrk
from roadsight_bench.errors import BenchError
from roadsight_bench.soak import figures, table
from roadsight_bench.soak.soak import soak

ROOT = Path(__file__).parents[3]
MINUTES = 10.0  # what the targets are about
STEP_S = 30.0


def main(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long frames come.")] = MINUTES,
    bundles: Annotated[Path, typer.Option(help="Those that the service picks.")] = ROOT / "models" / "bundles",
    out: Annotated[Path, typer.Option(help="The file of the results.")] = ROOT / "bench" / "soak.json",
) -> None:
    """Measures what is lost, what is told wrongly and what grows."""
    step_s = min(STEP_S, minutes * 60 / 2)
    try:
        here, tool = machine.look(), wrk.find()
        found = figures.summary(list(soak(bundles, round(minutes * 60 / step_s), step_s, tool)))
    except BenchError as error:
        sys.exit(f"error: {error}")
    misses = list(figures.misses(found))
    out.write_text(json.dumps(results.document(here, "cpu", minutes < MINUTES, {"soak": found}), indent=1) + "\n")
    print(*table.lines(found), *misses, table.last_line(found, len(misses)), sep="\n")


if __name__ == "__main__":
    typer.run(main)
