"""The whole benchmark, on the real service, as quickly as it goes: what it writes, never how fast it was."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from roadsight_bench import closed_loop, server
from roadsight_bench.cases import CASES
from roadsight_bench.closed_loop import Closed
from roadsight_bench.errors import LoadFailed, ServiceFailed
from roadsight_bench.launch import Launch
from roadsight_bench.measure import QUICK, measure
from roadsight_bench.server import Server
from roadsight_bench.wrk import Tool
from roadsight_models import bundle

LOADS = ("c4", "c16", "c64")
Document = dict[str, Any]


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "roadsight_bench", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def quick(tool: Tool, bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Document]:
    """What a quick run of S3 printed, and the file that it wrote."""
    out = tmp_path_factory.mktemp("bench") / "results.json"
    done = bench("S3", "--quick", "--bundles", str(bundles), "--out", str(out))
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(out.read_text())


def test_the_file_has_its_shape(quick: tuple[str, Document]) -> None:
    _, document = quick
    assert document.keys() == {"date", "provider", "quick", "machine", "S3"}
    assert document["S3"].keys() == {*LOADS, "overload"}
    assert document["quick"] is True
    for load in document["S3"].values():
        assert math.isfinite(load["ratio"])
        assert len(load["samples"]) == QUICK.rounds


def test_ratios_are_of_answers_and_nothing_failed(quick: tuple[str, Document]) -> None:
    _, document = quick
    for load in LOADS:
        (sample,) = document["S3"][load]["samples"]
        assert sample["ratio"] == pytest.approx(sample["answers_per_s"] / sample["limit_per_s"])
        assert sample["ratio"] > 0
        assert sample["failed"] == 0


def test_the_overload_is_accounted_for(quick: tuple[str, Document]) -> None:
    _, document = quick
    one = document["S3"]["overload"]
    assert one["sent"] == one["in_time"] + one["late"] + one["refused"] + one["failed"] > 0
    assert one["rate"] == pytest.approx(3 * one["capacity_per_s"])


def test_the_last_line_is_the_summary(quick: tuple[str, Document]) -> None:
    printed, _ = quick
    assert printed.splitlines()[-1].startswith("quick, so the figures mean nothing: S3 ")
    assert "S3       c64" in printed


def test_a_case_that_there_is_not_is_told_with_those_there_are() -> None:
    done = bench("S9")
    assert done.returncode == 2
    assert "S1, S2, S3" in done.stderr


def test_without_bundles_it_ends_in_one_line(tool: Tool, tmp_path: Path) -> None:
    done = bench("S1", "--bundles", str(tmp_path), "--out", str(tmp_path / "results.json"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "results.json").exists()


def test_a_service_that_dies_under_load_ends_the_benchmark(
    tool: Tool, bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = server.running

    @contextmanager
    def doomed(launch: Launch, frame: bytes) -> Iterator[Server]:
        with running(launch, frame) as served:
            Timer(1.5, served.process.kill).start()  # all loads take some six seconds
            yield served

    monkeypatch.setattr(server, "running", doomed)
    with pytest.raises(ServiceFailed, match="ended with status -9"):
        measure(CASES["S3"], bundle.load(bundles / "s3" / "1.0.0"), "cpu", "float32", QUICK, tool)


def test_a_service_that_only_refuses_has_no_capacity(
    tool: Tool, bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed_loop, "run", lambda *_: Closed(0.0, 1.0, 1.0, 9, 0.0, 0))
    with pytest.raises(LoadFailed, match="answered nothing"):
        measure(CASES["S3"], bundle.load(bundles / "s3" / "1.0.0"), "cpu", "float32", QUICK, tool)
