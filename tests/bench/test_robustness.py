"""Checks beside live frames, on the real service as quickly as it goes: what is written, never how fast it was."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import colour_gradient
from bench.rounds import closed
from roadsight_bench.closed_loop import Closed
from roadsight_bench.errors import LoadFailed
from roadsight_bench.growth.loads import TASKS, Load
from roadsight_bench.robustness import __main__ as command
from roadsight_bench.robustness import checks
from roadsight_bench.robustness.checker import Checker
from roadsight_bench.robustness.measure import QUICK, _rounds
from roadsight_bench.tally import Frame, Open, tally
from roadsight_bench.wrk import Tool

SMALL = Load(640, 360, regions=1, tasks=1)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the colour bundle in the place of both that are shipped, with its gradient."""
    root = tmp_path_factory.mktemp("two")
    for task in TASKS:
        colour_gradient.save(root, name=task.replace("_", "-"), task=task)
    return root


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roadsight_bench.growth.loads.FRAMES", 2)
    monkeypatch.setattr(checks, "SCENES", 2)


def test_the_file_has_every_load_at_both_rates_and_the_last_line_sums_up(
    tool: Tool, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "LOADS", (SMALL,))
    command.main(two, tmp_path / "robustness.json", quick=True)
    document: dict[str, Any] = json.loads((tmp_path / "robustness.json").read_text())
    assert document.keys() == {"date", "provider", "quick", "machine", "attack", "idle", "memory", "loads"}
    assert (document["attack"], document["idle"].keys()) == ("quick", set(TASKS))
    assert all((one["answers"], one["failed"]) == (1, 0) for one in document["idle"].values())
    assert 0 < document["memory"]["at_rest_mb"] <= document["memory"]["at_work_mb"]
    assert list(document["loads"]) == ["640x360 1r 1t 1/3", "640x360 1r 1t 2/3"]
    for thirds, load in enumerate(document["loads"].values(), start=1):
        without, beside = load["without"], load["beside"]
        assert without["rate"] == beside["rate"] == pytest.approx(load["capacity_per_s"] * thirds / 3)
        assert without["sent"] == beside["sent"] == round(without["rate"])
        assert without["failed"] == beside["failed"] == load["checks"]["failed"] == 0
        assert load["ratios"] == [pytest.approx(beside["answer_p99_ms"] / without["answer_p99_ms"])]
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1].startswith("quick, so the figures mean nothing: live p99 beside checks at most ")


class Diary:
    """In the place of a service under load: notes what was put on it."""

    def __init__(self, answered: bool = True) -> None:
        self.loads: list[tuple[float, bool]] = []
        self._answered = answered

    def warm(self) -> None:
        """Is warm."""

    def closed(self, connections: int, seconds: int) -> Closed:
        """Can answer 90 a second."""
        return closed(90.0)

    def open(self, rate: float, seconds: float, deadline_ms: float, beside: Checker | None) -> Open:
        """Answers, or not."""
        self.loads.append((rate, beside is not None))
        status = 200 if self._answered else 429
        return tally([Frame(0.0, 0.0, 0.01, status)], rate, deadline_ms, 0.1)


def test_each_rate_is_a_part_of_what_was_answered_and_either_half_of_a_pair_comes_first_in_turn() -> None:
    diary = Diary()
    found = _rounds({"load": diary}, [], replace(QUICK, pairs=3))  # type: ignore[dict-item]
    assert diary.loads[:4] == [(30.0, False), (30.0, True), (60.0, False), (60.0, True)]
    assert diary.loads[4:8] == [(30.0, True), (30.0, False), (60.0, True), (60.0, False)]
    assert diary.loads[8:] == diary.loads[:4]
    assert {name: len(one.pairs) for name, one in found.items()} == {"load 1/3": 3, "load 2/3": 3}


def test_a_service_that_refuses_every_live_frame_gives_no_figures() -> None:
    with pytest.raises(LoadFailed, match=r"at 30\.0 frames a second not one was answered"):
        _rounds({"load": Diary(answered=False)}, [], QUICK)  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("empty", "attack", "why"),
    [(True, "quick", "no bundle here"), (False, "qick", "not one check of traffic_sign was answered")],
)
def test_what_can_not_be_measured_ends_in_one_line(
    tool: Tool, two: Path, tmp_path: Path, empty: bool, attack: str, why: str
) -> None:
    bundles, out = tmp_path if empty else two, tmp_path / "robustness.json"
    arguments = ["--bundles", str(bundles), "--attack", attack, "--out", str(out), "--quick"]
    line = [sys.executable, "-m", "roadsight_bench.robustness", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ") and why in done.stderr
    assert not out.exists()
