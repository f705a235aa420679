"""A life of the real service, shortened: what is written, never how long it took."""

import json
import os
import subprocess
import sys
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from pathlib import Path

import numpy as np
import pytest

import colours
from pictures import RED, jpeg, striped
from roadsight_bench import closed_loop, subject
from roadsight_bench.closed_loop import Closed
from roadsight_bench.endurance import __main__ as command
from roadsight_bench.endurance import endure, memory, mixture
from roadsight_bench.errors import BenchError, LoadFailed
from roadsight_bench.launch import READY_WITHIN_S
from roadsight_bench.requests import Request
from roadsight_bench.wrk import Tool


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the colour bundle alone, which is sent one small picture."""
    monkeypatch.setattr(mixture, "draw", lambda: [Request(jpeg(striped(RED)))])
    monkeypatch.setattr(endure, "PACE_S", 1)
    colours.save(tmp_path / "bundles")
    return tmp_path / "bundles"


def test_a_short_life_is_told_from_start_to_end(
    tool: Tool, one: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command.main(requests=100, bundles=one, out=tmp_path / "endurance.json", count=2)
    document = json.loads((tmp_path / "endurance.json").read_text())
    assert document.keys() == {"date", "provider", "quick", "machine", "start", "endurance"}
    assert document["quick"] is True
    assert len(document["start"]["samples"]) == 2
    assert all(0 < start["ready_s"] < READY_WITHIN_S for start in document["start"]["samples"])
    first, *others = document["endurance"]["marks"]
    assert (first["answers"], first["step"]) == (0, None)
    assert others[-1]["answers"] == sum(mark["step"]["answers"] for mark in others) >= 100
    assert document["endurance"]["failed"] == 0
    assert len(others) >= endure.LEAST_STEPS
    assert all(0 < mark["memory"]["anonymous_mb"] < mark["memory"]["pss_mb"] for mark in (first, *others))
    assert capsys.readouterr().out.splitlines()[-1].startswith("ready in ")


def test_a_service_that_becomes_ever_slower_comes_to_an_end(
    tool: Tool, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([100, *[1] * 99])
    monkeypatch.setattr(closed_loop, "run", lambda *_: Closed(1.0, 1.0, 1.0, 0, 0.0, next(answers)))
    monkeypatch.setattr(subject, "SETTLE_S", 0.0)
    with pytest.raises(LoadFailed, match="30 answers after 30 steps"):
        list(endure.endure(one, mixture.draw(), 1_000, tool))


def test_memory_is_that_of_the_process() -> None:
    before = memory.look(os.getpid())
    pages = mmap(-1, 50_000_000, MAP_PRIVATE | MAP_ANONYMOUS)  # an array may lie in what other tests have freed
    held = np.frombuffer(pages, np.uint8)
    held[:] = 1
    after = memory.look(os.getpid())
    assert after.pss_mb - before.pss_mb == pytest.approx(50, abs=5)
    assert after.anonymous_mb - before.anonymous_mb == pytest.approx(50, abs=5)
    assert held.all()


def test_a_process_that_has_ended_has_no_memory() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(20)
    with pytest.raises(BenchError, match="can't be read"):
        memory.look(process.pid)


def test_without_bundles_it_ends_in_one_line(tool: Tool, tmp_path: Path) -> None:
    arguments = ["--bundles", str(tmp_path), "--out", str(tmp_path / "endurance.json")]
    line = [sys.executable, "-m", "roadsight_bench.endurance", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ") and "no bundle here" in done.stderr
    assert not (tmp_path / "endurance.json").exists()
