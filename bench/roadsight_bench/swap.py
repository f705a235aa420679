"""`python -m roadsight_bench.swap`: what changing a model costs the live frames beside it, on this machine.

bundles --a second version--> service --frames on a schedule--> p99 without, p99 while one version after the other is
                                                                loaded --> their ratio, pair by pair
                              ServiceFailed, LoadFailed
"""

import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from roadsight_bench import wrk
from roadsight_bench.changes import Changer, launch, two_versions
from roadsight_bench.errors import BenchError, LoadFailed
from roadsight_bench.growth.loads import Load
from roadsight_bench.machine import cores
from roadsight_bench.subject import Subject, subject
from roadsight_bench.tally import Open

ROOT = Path(__file__).parents[2]
FRAMES = Load(1280, 720, regions=1, tasks=1)
CONNECTIONS_A_CORE = 8
CLOSED_S = 5
DEADLINE_MS = 5_000.0
WANTED = 1.5  # p99 while models change, by that before


@dataclass(frozen=True)
class Pair:
    """The same load twice, one right after the other."""

    without: Open
    beside: Open  # changes
    changes: int  # that ended within it

    @property
    def ratio(self) -> float:
        """p99 beside changes, by that without."""
        assert self.without.answer_p99_ms and self.beside.answer_p99_ms, "what nobody answers gives no pair"
        return self.beside.answer_p99_ms / self.without.answer_p99_ms


def pair(ours: Subject, rate: float, seconds: float, versions: Iterator[str]) -> Pair:
    """Measures both halves."""
    without = ours.open(rate, seconds, DEADLINE_MS)
    changer = Changer(ours.server.launch, versions)
    beside = ours.open(rate, seconds, DEADLINE_MS, changer)
    if without.answer_p99_ms is None or beside.answer_p99_ms is None:
        raise LoadFailed(f"at {rate:.1f} frames a second not one was answered")
    return Pair(without, beside, changer.within)


def measure(bundles: Path, share: float, seconds: float) -> Generator[Pair]:
    """Measures one pair after the other, without end; each half takes so long, at this share of the capacity.

    Raises:
        BenchError: the service did not start, a version was not loaded, or nothing was answered.
    """
    with (
        two_versions(bundles) as (root, versions),
        subject(launch(root, versions[-1]), FRAMES.draw(), wrk.find()) as ours,
    ):
        ours.warm()
        rate = share * ours.closed(CONNECTIONS_A_CORE * cores(), CLOSED_S).answers_per_s
        turns = cycle(versions)
        while True:
            yield pair(ours, rate, seconds, turns)


def main(
    bundles: Annotated[Path, typer.Option(help="Those that the service picks.")] = ROOT / "models" / "bundles",
    share: Annotated[float, typer.Option(min=0.05, max=1, help="Of what the service can answer.")] = 0.5,
    seconds: Annotated[float, typer.Option(min=1, help="Of each half of a pair.")] = 45.0,
    pairs: Annotated[int, typer.Option(min=1, help="How many.")] = 3,
) -> None:
    """Measures what changing a model costs live frames."""
    try:
        with closing(measure(bundles, share, seconds)) as without_end:
            found = list(islice(without_end, pairs))
    except BenchError as error:
        sys.exit(f"error: {error}")
    for one in found:
        unanswered = one.beside.sent - one.beside.in_time
        print(
            f"{one.without.rate:.0f} frames/s: p99 {one.without.answer_p99_ms:.1f} ms, beside {one.changes} changes "
            f"{one.beside.answer_p99_ms:.1f} ms, {one.ratio:.2f}; {unanswered} of {one.beside.sent} not answered"
        )
    print(
        f"p99 while models change: {median(one.ratio for one in found):.2f} of that before; wanted is {WANTED} at most"
    )


if __name__ == "__main__":
    typer.run(main)
