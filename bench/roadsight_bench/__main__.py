"""`python -m roadsight_bench`: measures the service on this machine.

bundles --measure--> rounds --summary--> bench/results.json, a table
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from roadsight_bench import machine, results, table, targets, wrk
from roadsight_bench.cases import CASES
from roadsight_bench.errors import BenchError
from roadsight_bench.measure import FULL, QUICK, Plan, measure
from roadsight_models import bundle
from roadsight_models.asked import Provider
from roadsight_models.errors import RoadsightError
from roadsight_models.precision import choose

BENCH = Path(__file__).parents[1]


def main(
    cases: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(CASES)}; all if none is named.")] = None,
    bundles: Annotated[Path, typer.Option(help="Where `export` put them.")] = BENCH / "bundles",
    out: Annotated[Path, typer.Option(help="The file of the results.")] = BENCH / "results.json",
    provider: Annotated[Literal["cpu", "cuda", "tensorrt"], typer.Option(help="What runs the networks.")] = "cpu",
    rounds: Annotated[int, typer.Option(min=1, help="How often all loads of a case are measured.")] = FULL.rounds,
    quick: Annotated[bool, typer.Option("--quick", help="A second a load: shows that it works, not how fast.")] = False,
) -> None:
    """Measures the service against its limit, in float32 and, where it picks another precision, in that as well."""
    if unknown := set(cases or ()) - CASES.keys():
        raise typer.BadParameter(f"no case {', '.join(sorted(unknown))}; there are: {', '.join(CASES)}")
    plan = QUICK if quick else replace(FULL, rounds=rounds)
    try:
        document, misses = _measure(cases or list(CASES), bundles, provider, plan)
    except (BenchError, RoadsightError) as error:
        sys.exit(f"error: {error}")
    out.write_text(json.dumps(document, indent=1) + "\n")
    measured = {name: figures for name, figures in document.items() if name.partition("-")[0] in CASES}
    print(*table.lines(measured), *misses, table.last_line(measured, len(misses), quick), sep="\n")


def _measure(names: list[str], bundles: Path, provider: Provider, plan: Plan) -> tuple[results.Figures, list[str]]:
    here, tool = machine.look(), wrk.find()
    measured: dict[str, dict[str, results.Figures]] = {}
    misses: list[str] = []
    for name in names:
        case = CASES[name]
        loaded = bundle.load(bundles / case.bundle / "1.0.0")
        for precision in dict.fromkeys(("float32", choose(loaded.manifest, provider).precision)):
            label = name if precision == "float32" else f"{name}-{precision}"
            print(f"{label} ...", file=sys.stderr, flush=True)
            figures = results.summary(measure(case, loaded, provider, precision, plan, tool))
            measured[label] = figures
            misses += targets.misses(label, precision, figures)
    return results.document(here, provider, plan == QUICK, measured), misses


if __name__ == "__main__":
    typer.run(main)
