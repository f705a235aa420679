"""`python -m roadsight_bench.peers`: measures the service beside its peers on this machine.

peers --install--> environments; bundles --contest--> bench/peers.json, a table
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from roadsight_bench import machine, pictures, wrk
from roadsight_bench.cases import CASES, Case
from roadsight_bench.errors import BenchError
from roadsight_bench.measure import QUICK, Plan
from roadsight_bench.peers import contest, report
from roadsight_bench.peers.catalogue import PEERS, ROWS, Peer
from roadsight_bench.peers.contest import FULL, Ground
from roadsight_bench.peers.install import install
from roadsight_bench.peers.report import Key
from roadsight_bench.requests import Request
from roadsight_bench.results import Figures, document
from roadsight_models import bundle
from roadsight_models.errors import RoadsightError
from roadsight_models.session import open_session

BENCH = Path(__file__).parents[2]


def main(
    chosen: Annotated[
        list[str] | None, typer.Argument(help=f"Of {', '.join((*PEERS, *CASES))}; all if none is named.")
    ] = None,
    bundles: Annotated[Path, typer.Option(help="Where `export` put them.")] = BENCH / "bundles",
    out: Annotated[Path, typer.Option(help="The file of the results.")] = BENCH / "peers.json",
    rounds: Annotated[int, typer.Option(min=1, help="How often every load is put on; once if quick.")] = FULL.rounds,
    quick: Annotated[bool, typer.Option("--quick", help="A second a load: shows that it works, not how fast.")] = False,
) -> None:
    """Measures the service beside its peers, case by case, with the graph that it picks."""
    if unknown := set(chosen or ()) - PEERS.keys() - CASES.keys():
        raise typer.BadParameter(
            f"no peer or case {', '.join(sorted(unknown))}; there are: {', '.join((*PEERS, *CASES))}"
        )
    peers = [peer for name, peer in PEERS.items() if name in (chosen or ())] or list(PEERS.values())
    cases = [case for name, case in CASES.items() if name in (chosen or ())] or list(CASES.values())
    plan = QUICK if quick else replace(FULL, rounds=rounds)
    try:
        here, rows = machine.look(), dict(_rows(cases, peers, bundles, plan))
    except (BenchError, RoadsightError) as error:
        sys.exit(f"error: {error}")
    told: dict[str, Figures] = {}
    for key, figures in rows.items():
        told.setdefault(key.case, {}).setdefault(key.peer, {})[key.row] = figures
    out.write_text(json.dumps(document(here, "cpu", quick, told), indent=1) + "\n")
    missed = [miss for key, figures in rows.items() for miss in report.misses(key, figures)]
    print(*report.lines(rows), *missed, f"{len(missed) or 'no'} targets missed", sep="\n")
    if quick:
        print("quick, so the figures mean nothing")


def _rows(cases: Sequence[Case], peers: Sequence[Peer], bundles: Path, plan: Plan) -> Iterator[tuple[Key, Figures]]:
    tool = wrk.find()
    for case in cases:
        session = open_session(bundle.load(bundles / case.bundle / "1.0.0"), "cpu")
        ground = Ground(case, session, [Request(body) for body in pictures.draw(case)], tool)
        for peer in peers:
            for row in ROWS:
                key = Key(case.name, peer.name, row)
                print(f"{' '.join(key)} ...", file=sys.stderr, flush=True)
                yield key, _figures(ground, key, plan)


def _figures(ground: Ground, key: Key, plan: Plan) -> Figures:
    """A row; one that can't be measured says why, and the others go on."""
    peer = PEERS[key.peer]
    try:
        return report.summary(contest.measure(ground, peer, key.row, install(peer), plan))
    except BenchError as error:
        return {"why": str(error)}


if __name__ == "__main__":
    typer.run(main)
