"""`python -m roadsight_bench.swap`: what changing a model costs the live frames beside it, on this machine.

bundles --a second version--> service --frames on a schedule--> p99 without, p99 while one version after the other is
                                                                loaded --> their ratio, pair by pair
                              ServiceFailed, LoadFailed
"""

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from statistics import median
from threading import Event
from typing import Annotated
from urllib.parse import urljoin

import typer

from roadsight_bench import service, wrk
from roadsight_bench.errors import BenchError, LoadFailed
from roadsight_bench.growth.loads import Load
from roadsight_bench.launch import OK, Launch, post
from roadsight_bench.machine import cores
from roadsight_bench.subject import Subject, subject
from roadsight_bench.tally import Open
from roadsight_models import bundle

ROOT = Path(__file__).parents[2]
TASK, NAME, OTHER = "traffic_sign", "traffic-sign", "999.0.0"
AUTHORIZATION = {"Authorization": "Bearer bench"}
FRAMES = Load(1280, 720, regions=1, tasks=1)
CONNECTIONS_A_CORE = 8
CLOSED_S = 5
DEADLINE_MS = 5_000.0
LOADED_WITHIN_S = 180.0
BREATH_S = 0.1  # while the version before answers its last frames
CONFLICT = 409
WANTED = 1.5  # p99 while models change, by that before


@dataclass(frozen=True)
class Pair:
    """The same load twice, one right after the other."""

    without: Open
    beside: Open  # changes
    changes: int

    @property
    def ratio(self) -> float:
        """p99 beside changes, by that without."""
        assert self.without.answer_p99_ms and self.beside.answer_p99_ms, "what nobody answers gives no pair"
        return self.beside.answer_p99_ms / self.without.answer_p99_ms


class Changer:
    """Loads one version after the other as long as its block runs."""

    def __init__(self, launch: Launch, versions: list[str]) -> None:
        self._url, self._versions = urljoin(launch.url, f"/v1/models/{TASK}/load"), cycle(versions)
        self._stop = Event()
        self.changes = 0

    def __enter__(self) -> "Changer":
        """Begins."""
        self._pool = ThreadPoolExecutor(1)
        self._loop = self._pool.submit(self._change)
        return self

    def __exit__(self, *_: object) -> None:
        """Ends, with the load that is in progress."""
        self._stop.set()
        self._pool.shutdown()
        self._loop.result()

    def _change(self) -> None:
        for version in self._versions:
            body = json.dumps({"bundle": f"{NAME}@{version}"}).encode()
            while (answer := post(self._url, body, AUTHORIZATION, LOADED_WITHIN_S)) and answer.status == CONFLICT:
                self._stop.wait(BREATH_S)
            if answer is None or answer.status != OK:
                raise LoadFailed(f"{version} was not loaded: {answer and answer.body.decode()}")
            self.changes += 1
            if self._stop.is_set():
                return


@contextmanager
def two_versions(bundles: Path) -> Iterator[tuple[Path, list[str]]]:
    """The bundles, with a second version of one, which is the same but for its number."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "bundles"
        shutil.copytree(bundles, root)
        one = bundle.load(bundle.latest(root)[NAME])
        files = {name: (one.folder / name).read_bytes() for name in one.manifest.files}
        bundle.save(root, one.manifest.model_copy(update={"version": OTHER}), files)
        yield root, [OTHER, one.manifest.version]


def launch(root: Path, version: str) -> Launch:
    """The service, with a key for both routes."""
    keys = {hashlib.sha256(b"bench").hexdigest(): ["classify", "admin"]}
    ours = service.launch(root, f"{NAME}@{version},road-object", "cpu", "auto", cores())
    settings = {"ROADSIGHT_KEYS": json.dumps(keys), "ROADSIGHT_LOAD_WATCH_SECONDS": "0"}
    form = replace(ours.form, headers=ours.form.headers | AUTHORIZATION)
    return replace(ours, environment=ours.environment | settings, form=form)


def pair(ours: Subject, rate: float, seconds: float, versions: list[str]) -> Pair:
    """Measures both halves."""
    without = ours.open(rate, seconds, DEADLINE_MS)
    changer = Changer(ours.server.launch, versions)
    beside = ours.open(rate, seconds, DEADLINE_MS, changer)
    if without.answer_p99_ms is None or beside.answer_p99_ms is None:
        raise LoadFailed(f"at {rate:.1f} frames a second not one was answered")
    return Pair(without, beside, changer.changes)


def main(
    bundles: Annotated[Path, typer.Option(help="Those that the service picks.")] = ROOT / "models" / "bundles",
    share: Annotated[float, typer.Option(min=0.05, max=1, help="Of what the service can answer.")] = 0.5,
    seconds: Annotated[float, typer.Option(min=1, help="Of each half of a pair.")] = 15.0,
    pairs: Annotated[int, typer.Option(min=1, help="How many.")] = 5,
) -> None:
    """Measures what changing a model costs live frames."""
    try:
        with (
            two_versions(bundles) as (root, versions),
            subject(launch(root, versions[-1]), FRAMES.draw(), wrk.find()) as ours,
        ):
            ours.warm()
            rate = share * ours.closed(CONNECTIONS_A_CORE * cores(), CLOSED_S).answers_per_s
            found = [pair(ours, rate, seconds, versions) for _ in range(pairs)]
    except BenchError as error:
        sys.exit(f"error: {error}")
    for one in found:
        unanswered = one.beside.sent - one.beside.in_time
        print(
            f"{rate:.0f} frames/s: p99 {one.without.answer_p99_ms:.1f} ms, beside {one.changes} changes "
            f"{one.beside.answer_p99_ms:.1f} ms, {one.ratio:.2f}; {unanswered} of {one.beside.sent} not answered"
        )
    print(
        f"p99 while models change: {median(one.ratio for one in found):.2f} of that before; wanted is {WANTED} at most"
    )


if __name__ == "__main__":
    typer.run(main)
