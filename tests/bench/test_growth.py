"""How cost grows, measured on the real service as quickly as it goes: what is written, never how fast it was."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import colours
from roadsight_bench import closed_loop
from roadsight_bench.closed_loop import Closed
from roadsight_bench.errors import LoadFailed
from roadsight_bench.growth import __main__ as command
from roadsight_bench.growth import batches
from roadsight_bench.growth.loads import COSTED, LOADS, TASKS, Load
from roadsight_bench.growth.measure import QUICK, measure
from roadsight_bench.wrk import Tool
from roadsight_models import bundle
from roadsight_models.session import Session, open_session

SMALL = Load(640, 360, regions=9, tasks=2, connections=(8,))  # more regions than a loop infers at once
NAMES = ["640x360 1r 1t c1", "640x360 1r 1t c16", "1280x720 8r 2t c1", "1280x720 8r 2t c16"]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the colour bundle in the place of both that are shipped."""
    root = tmp_path_factory.mktemp("two")
    for task in TASKS:
        colours.save(root, name=task.replace("_", "-"), task=task)
    return root


@pytest.fixture(autouse=True)
def few_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roadsight_bench.growth.loads.FRAMES", 2)


def sessions(root: Path) -> dict[str, Session]:
    return {task: open_session(bundle.load(root / task.replace("_", "-") / "1.0.0"), "cpu") for task in TASKS}


def test_the_file_has_every_load_and_graph_and_the_last_line_sums_up(
    tool: Tool, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "LOADS", (LOADS[0], COSTED))
    command.main(two, tmp_path / "growth.json", quick=True)
    document: dict[str, Any] = json.loads((tmp_path / "growth.json").read_text())
    assert document.keys() == {"date", "provider", "quick", "machine", "loads", "batches"}
    assert list(document["loads"]) == NAMES
    for name, load in document["loads"].items():
        (one,) = load["samples"]
        core_ms = 1e3 * min(int(name.rpartition(" c")[2]), document["machine"]["cores"])
        assert one["failed"] == 0 < one["answers"]
        assert one["ratio"] == pytest.approx(one["answers_per_s"] / one["loop_per_s"])
        assert one["decode_ms"] + one["cost"] * one["inference_ms"] == pytest.approx(core_ms / one["answers_per_s"])
    assert document["batches"].keys() == {f"{task.replace('_', '-')} float32" for task in TASKS}
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1].startswith("quick, so the figures mean nothing: 1280x720 8r 2t ")


def test_every_load_is_sampled_once_a_round_beside_its_parts(tool: Tool, two: Path) -> None:
    found = measure([SMALL], sessions(two), two, QUICK, tool)
    ((load, connections), (sample,)) = next(iter(found.items()))
    assert (len(found), load, connections) == (1, SMALL, 8)
    assert sample.service.failed == 0
    parts_ms = sample.decode_ms + sample.inference_ms
    assert 0 < sample.inference_ms < parts_ms
    assert sample.cores >= 1


def test_a_service_that_only_refuses_gives_no_figures(tool: Tool, two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closed_loop, "run", lambda *_: Closed(0.0, 1.0, 1.0, 9, 0.0, 0))
    with pytest.raises(LoadFailed, match="answered nothing"):
        measure([SMALL], sessions(two), two, QUICK, tool)


def test_a_graph_is_run_with_every_batch_size_in_every_round(two: Path) -> None:
    loaded = bundle.load(two / "road-object" / "1.0.0")
    found = batches.measure(loaded, rounds=3, seconds=0.0)
    assert found.keys() == {"float32"}
    assert {size: len(rounds) for size, rounds in found["float32"].items()} == dict.fromkeys(batches.SIZES, 3)
    assert all(milliseconds > 0 for rounds in found["float32"].values() for milliseconds in rounds)


def test_without_a_bundle_for_every_task_it_ends_in_one_line(tool: Tool, tmp_path: Path) -> None:
    colours.save(tmp_path, name="traffic-sign", task="traffic_sign")
    arguments = ["--bundles", str(tmp_path), "--out", str(tmp_path / "growth.json")]
    line = [sys.executable, "-m", "roadsight_bench.growth", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.endswith("no bundle serves road_object\n")
    assert not (tmp_path / "growth.json").exists()
