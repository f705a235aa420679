"""Checks beside live frames, on the real service as quickly as it goes: what is written, never how fast it was."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import colour_gradient
from bench.impostor import nobody
from checking import RED_PNG, checking
from roadsight_bench.growth.loads import TASKS, Load
from roadsight_bench.robustness import __main__ as command
from roadsight_bench.robustness import checks
from roadsight_bench.robustness.checker import IN_FLIGHT, Checker
from roadsight_bench.robustness.checks import Question, draw, tally
from roadsight_bench.wrk import Tool
from running import metric, until

SMALL = Load(640, 360, regions=1, tasks=1)
RUNNING, WAITING = "roadsight_robustness_running", "roadsight_robustness_waiting"
ENOUGH_S = 60.0  # longer than any test


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


def question(url: str) -> Question:
    return Question("colour", f"{url}/v1/robustness?attack=fgsm", RED_PNG)


def told(url: str, code: str) -> float:
    """How many checks the service says that it has told so."""
    return metric(url, f'roadsight_robustness_requests_total{{code="{code}"}}')


def test_the_file_has_every_load_at_both_rates_and_the_last_line_sums_up(
    tool: Tool, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "LOADS", (SMALL,))
    command.main(two, tmp_path / "robustness.json", quick=True)
    document: dict[str, Any] = json.loads((tmp_path / "robustness.json").read_text())
    assert document.keys() == {"date", "provider", "quick", "machine", "attack", "idle", "loads"}
    assert (document["attack"], document["idle"].keys()) == ("quick", set(TASKS))
    assert all((one["answers"], one["failed"]) == (1, 0) for one in document["idle"].values())
    assert list(document["loads"]) == ["640x360 1r 1t 1/3", "640x360 1r 1t 2/3"]
    for thirds, load in enumerate(document["loads"].values(), start=1):
        without, beside = load["without"], load["beside"]
        assert without["rate"] == beside["rate"] == pytest.approx(load["capacity_per_s"] * thirds / 3)
        assert without["sent"] == beside["sent"] == round(without["rate"])
        assert without["failed"] == beside["failed"] == load["checks"]["failed"] == 0
        assert load["ratios"] == [pytest.approx(beside["answer_p99_ms"] / without["answer_p99_ms"])]
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1].startswith("quick, so the figures mean nothing: live p99 beside checks at most ")


def test_a_check_is_about_a_sign_of_a_frame_for_one_task_after_the_other(two: Path) -> None:
    questions = draw("http://127.0.0.1:1/v1/classify", "pgd")
    assert [one.task for one in questions] == [*TASKS, *TASKS]
    assert len({one.body for one in questions}) == 2
    assert questions == draw("http://127.0.0.1:1/v1/classify", "pgd")
    for one in questions:
        path, _, query = one.url.partition("?")
        assert path == "http://127.0.0.1:1/v1/robustness"
        assert f"task={one.task}" in query and "attack=pgd" in query and "region=%5B" in query


def test_one_check_is_at_work_and_one_waits_until_the_block_ends(tmp_path: Path) -> None:
    with checking(tmp_path) as house:
        house.gradient.gate.clear()
        with Checker([question(house.url)] * 2) as checker:
            until(lambda: metric(house.url, RUNNING) == metric(house.url, WAITING) == 1)
            assert checker.asked == []
            house.gradient.gate.set()
            until(lambda: len(checker.asked) > 2 * IN_FLIGHT)
        found = tally(checker.asked)
        assert metric(house.url, RUNNING) == metric(house.url, WAITING) == 0
        assert found.answers == told(house.url, "robust") + told(house.url, "broken") > 2 * IN_FLIGHT
        assert found.failed == found.late == 0
        assert found.seconds is not None and found.slowest_s is not None
        assert 0 < found.seconds <= found.slowest_s


def test_what_ends_after_the_block_has_no_part(tmp_path: Path) -> None:
    with checking(tmp_path) as house, ThreadPoolExecutor(1) as pool:
        house.gradient.gate.clear()
        checker = Checker([question(house.url)] * 2)

        def open_once_it_is_over() -> None:
            assert checker._stop.wait(10)
            house.gradient.gate.set()

        opened = pool.submit(open_once_it_is_over)
        with checker:
            until(lambda: metric(house.url, WAITING) == 1)
        opened.result()
        assert tally(checker.asked).answers == IN_FLIGHT
        assert checker.last(ENOUGH_S).answers == 0


def test_refused_and_late_checks_are_counted_as_the_service_counts_them(tmp_path: Path) -> None:
    with checking(tmp_path, robustness_deadline_ms=200) as house:
        house.gradient.gate.clear()
        with Checker([question(house.url)] * 2) as checker:
            # Both are told that they are late, but their places are taken until the thread comes back.
            until(lambda: tally(checker.asked).late == IN_FLIGHT and tally(checker.asked).refused > 0)
            house.gradient.gate.set()
        found = tally(checker.asked)
        assert found.late == told(house.url, "deadline_missed")
        assert found.refused == told(house.url, "queue_full")


def test_where_nobody_listens_every_check_has_failed() -> None:
    with Checker([question(nobody().removesuffix("/v1/classify"))] * 2) as checker:
        until(lambda: len(checker.asked) >= IN_FLIGHT)
    found = checker.last(ENOUGH_S)
    assert found.failed == len(checker.asked)
    assert (found.answers, found.seconds, found.slowest_s) == (0, None, None)


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
