"""A newer version that comes into the folder is loaded by itself, once; what can't serve is left until it changes."""

import json
import shutil
from pathlib import Path

import pytest

import colours
from roadsight_models.errors import BadParameter
from roadsight_service.app import create_app
from roadsight_service.registry import open_registry
from roadsight_service.settings import Settings
from running import until
from service.loading.house import OPENED_S, ask, house, load, load_next, loads, refuses_red, save, serves
from service.processes.lanes import Running

WATCHES: dict[str, object] = {"models": "colours", "watch_seconds": 1, "load_watch_seconds": 0}


def pinned(running: Running, version: str) -> int:
    """The status of a frame that must be answered by a version."""
    return ask(running.url, query=f"?version={version}").status_code


def test_a_newer_version_serves_soon_and_one_that_was_taken_back_stays_away(tmp_path: Path) -> None:
    with house(tmp_path, **WATCHES | {"load_watch_seconds": 60}) as running:
        save(tmp_path, "2.0.0")
        until(lambda: loads(running.url, "loaded") == 1, OPENED_S)
        assert serves(running.url) == "2.0.0"
        assert load(running.url, "colours@1.0.0").json()["before"] == "colours@2.0.0"
        save(tmp_path, "3.0.0", {"classifier.onnx": refuses_red()})
        until(lambda: loads(running.url, "loaded") == 2, OPENED_S)
        assert pinned(running, "3.0.0") == 500
        for _ in range(5):
            pinned(running, "3.0.0")
        assert serves(running.url) == "1.0.0"
        assert loads(running.url, "rolled_back") == 2
        save(tmp_path, "10.0.0")
        until(lambda: loads(running.url, "loaded") == 3, OPENED_S)  # neither of the others came again before it
        assert serves(running.url) == "10.0.0"


def test_a_half_copied_one_is_judged_once_it_has_its_manifest_and_when_it_changes(tmp_path: Path) -> None:
    whole = save(tmp_path / "elsewhere", "2.0.0")
    half = tmp_path / "bundles" / "colours" / "2.0.0"
    half.mkdir(parents=True)
    with house(tmp_path / "bundles", **WATCHES) as running:
        shutil.copy(whole / "golden.npz", half)
        save(tmp_path / "bundles", "1.0.0", name="other", task="other")  # of a task that nobody serves
        shutil.copy(whole / "manifest.json", half)
        until(lambda: loads(running.url, "failed") == 1, OPENED_S)
        save(tmp_path / "bundles", "3.0.0", name="shades")  # another name: nobody asked for it
        assert load(running.url, "colours@1.0.0").json()["before"] == "colours@1.0.0"
        shutil.copy(whole / "classifier.onnx", half)
        until(lambda: loads(running.url, "loaded") == 1, OPENED_S)
        assert loads(running.url, "failed") == 1
        assert serves(running.url) == "2.0.0"


def test_what_was_loaded_by_hand_and_taken_back_is_not_new(tmp_path: Path) -> None:
    with house(tmp_path, **WATCHES | {"watch_seconds": 2}) as running:
        save(tmp_path, "3.0.0")
        assert load_next(running.url, "colours@3.0.0").status_code == 200
        assert load_next(running.url, "colours@1.0.0").status_code == 200
        before = loads(running.url, "loaded")  # 1 or 2: where it came while the first was watched, it was a way back
        save(tmp_path, "10.0.0")
        until(lambda: loads(running.url, "loaded") > before, OPENED_S)
        assert loads(running.url, "loaded") == before + 1
        assert serves(running.url) == "10.0.0"


def test_a_version_that_the_settings_pin_stays(tmp_path: Path) -> None:
    save(tmp_path, "1.0.0", name="shades", task="shade", labels=colours.LABELS)
    with house(tmp_path, **WATCHES | {"models": "colours@1.0.0,shades"}) as running:
        save(tmp_path, "2.0.0")
        save(tmp_path, "2.0.0", name="shades", task="shade")
        until(lambda: loads(running.url, "loaded") == 1, OPENED_S)
        versions = {each["task"]: each["version"] for each in ask(running.url).json()["regions"][0]["results"]}
        assert versions == {"colour": "1.0.0", "shade": "2.0.0"}


def test_they_stand_a_trial_first(tmp_path: Path) -> None:
    trial = json.dumps({"shadow_frames": 2, "max_disagreement": 0})
    with house(tmp_path, **WATCHES | {"watch_trial": trial}) as running:
        save(tmp_path, "2.0.0")
        until(lambda: bool(ask(running.url)) and loads(running.url, "failed") == 1, OPENED_S)
        assert serves(running.url) == "1.0.0"


async def test_where_no_model_can_be_changed_it_stops_the_start(tmp_path: Path) -> None:
    save(tmp_path, "1.0.0")
    app = create_app(Settings(bundles=tmp_path, provider="cpu", watch_seconds=60), open_registry)
    with pytest.raises(BadParameter, match=r"ROADSIGHT_WATCH_SECONDS: .* its lanes are threads"):
        async with app.router.lifespan_context(app):
            pass
