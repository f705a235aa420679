"""A hard life of the shipped models, shortened to seconds: all of it happens, and is counted."""

from dataclasses import replace

import pytest

from roadsight_bench.endurance.memory import Memory
from roadsight_bench.robustness.checks import Checks
from roadsight_bench.soak import figures, soak, table
from roadsight_bench.soak.__main__ import ROOT
from roadsight_bench.soak.soak import Step
from roadsight_bench.soak.trouble import Wrong
from roadsight_bench.tally import Frame, tally
from roadsight_bench.wrk import Tool

FRAMES = tally([Frame(float(n), float(n), n + 0.01, 200) for n in range(100)], 1.0, 5_000.0, 0.1)
STEP = Step(FRAMES, 3, Checks(4, 1, 1, 0, 0.5, 0.9), 40, [], Memory(250.0, 200.0), 60)
WRONG = Wrong("/v1/classify", 400, 500)


def test_everything_goes_on_beside_the_frames_and_nothing_is_lost(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "CLOSED_S", 1)
    monkeypatch.setattr(soak, "SHARE", 0.3)  # the machine has other tests to run
    found = figures.summary(list(soak.soak(ROOT / "models" / "bundles", 2, 2.0, tool)))
    assert (found["lost"], found["checks_failed"], found["wrong"]) == (0, 0, [])
    assert found["sent"] == found["in_time"] + found["late"] + found["refused"] > 0
    assert min(found["changes"], found["checks"] + found["checks_put_off"], found["bad"]) > 0
    assert all(step["open_files"] > 0 and step["memory"]["pss_mb"] > 0 for step in found["steps"])


def test_a_life_without_loss_or_growth_misses_nothing() -> None:
    found = figures.summary([STEP] * 20)
    assert list(figures.misses(found)) == []
    assert (found["sent"], found["changes"], found["checks"], found["bad"]) == (2000, 60, 80, 800)
    assert len(list(table.lines(found))) == 21
    assert table.last_line(found, 0).endswith(
        "at most 250 MB, +0.0 MB and +0.0 open files on the way; no targets missed"
    )


def test_every_way_to_fail_is_told() -> None:
    bad = replace(
        STEP,
        frames=replace(FRAMES, failed=2, late=1),
        changes=0,
        checks=replace(STEP.checks, failed=1),
        wrong=[WRONG] * 3,
    )
    steps = [replace(bad, memory=Memory(250.0 + n, 200.0), open_files=60 + 3 * n) for n in range(10)]
    found = figures.summary(steps)
    assert list(figures.misses(found)) == [
        "20 frames of 1000 got no answer that explains itself",
        "10 frames were answered after their deadline",
        "10 checks got no answer that explains itself",
        "/v1/classify was told 500 30 times, due is 400",
        "no changes beside the frames",
        "memory grows by 10.0 MB > 5.0",
        "30.0 more files are open at the end > 2.0",
    ]


def test_what_comes_and_goes_has_not_grown() -> None:
    """A check that is just at work has files open."""
    steps = [replace(STEP, open_files=51 if n in (4, 9) else 48) for n in range(10)]
    assert abs(figures.summary(steps)["more_files"]) < figures.MOST_MORE_FILES
