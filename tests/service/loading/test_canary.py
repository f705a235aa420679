"""A canary answers the frames of some cameras first; what fails or differs there never comes to the others."""

from functools import partial
from pathlib import Path

import httpx

import colours
from pictures import GREEN, RED, encoded, striped
from running import metric, until
from service.loading.house import OPENED_S, ask, house, load, loads, refuses_red, results, save, serves, while_loading
from service.processes.lanes import Running

CAMERAS = tuple(f"camera-{number}" for number in range(40))
ONLY_RED, ONLY_GREEN = encoded(striped(RED)), encoded(striped(GREEN))


def version(answer: httpx.Response) -> str:
    return str(results(answer)[0]["version"])


def sides(running: Running) -> dict[str, list[str]]:
    """The cameras by the version that answers them, which is the same each time."""
    found: dict[str, list[str]] = {}
    for camera in CAMERAS:
        (said,) = {version(ask(running.url, camera=camera)) for _ in range(2)}
        found.setdefault(said, []).append(camera)
    return found


def test_it_answers_its_share_of_the_cameras_until_it_is_promoted(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    save(tmp_path, "3.0.0")
    with house(tmp_path) as running:
        begun = load(running.url, "colours@2.0.0", canary=0.25, canary_seconds=600).json()
        assert (begun["version"], begun["share"], begun["before"]) == ("2.0.0", 0.25, "colours@1.0.0")
        found = sides(running)
        assert 0 < len(found["2.0.0"]) < len(found["1.0.0"])
        assert len(found["2.0.0"]) + len(found["1.0.0"]) == len(CAMERAS)

        for one, other in (("1.0.0", "2.0.0"), ("2.0.0", "1.0.0")):  # who asks for a version gets it
            assert version(ask(running.url, query=f"?version={one}", camera=found[other][0])) == one
        assert ask(running.url, query="?version=3.0.0").json()["code"] == "unknown_version"

        assert metric(running.url, "roadsight_canary_share") == 0.25
        for each in ("1.0.0", "2.0.0"):
            answered = f'{{bundle="colours@{each}",task="colour"}}'
            assert metric(running.url, f"roadsight_canary_seconds_count{answered}") == 2 * len(found[each]) + 1
        assert metric(running.url, "roadsight_canary_failures_total") == 0
        assert metric(running.url, "roadsight_model_info") == 2

        refused = load(running.url, "colours@3.0.0")
        assert (refused.status_code, refused.json()["code"]) == (409, "load_in_progress")
        assert "colours@2.0.0 answers 0.25 of the cameras" in refused.json()["detail"]

        promoted = load(running.url, "colours@2.0.0").json()
        assert (promoted["version"], promoted["share"], promoted["before"]) == ("2.0.0", 1, "colours@1.0.0")
        assert serves(running.url) == "2.0.0"
        assert set(sides(running)) == {"2.0.0"}
        assert metric(running.url, "roadsight_canary_share") == 0
        assert version(ask(running.url, query="?version=1.0.0")) == "1.0.0"  # it is kept warm
        assert (loads(running.url, "canary"), loads(running.url, "loaded")) == (1, 1)


def test_it_is_promoted_when_its_time_is_up_and_goes_back_at_once_by_hand(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    with house(tmp_path) as running:
        assert load(running.url, "colours@2.0.0", canary=0.01).json()["share"] == 0.01
        back = load(running.url, "colours@1.0.0").json()
        assert (back["version"], back["share"], back["before"]) == ("1.0.0", 1, "colours@2.0.0")
        assert ask(running.url, query="?version=2.0.0").status_code == 404
        assert loads(running.url, "rolled_back") == 1
        until(lambda: load(running.url, "colours@2.0.0", canary=0.01, canary_seconds=1).status_code == 200, OPENED_S)
        until(lambda: loads(running.url, "loaded") == 1, OPENED_S)
        assert serves(running.url) == "2.0.0"


def test_one_that_fails_goes_back_and_only_its_own_cameras_saw_it(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0", {"classifier.onnx": refuses_red()})
    with house(tmp_path, load_max_errors=1) as running:
        assert load(running.url, "colours@2.0.0", canary=0.5).status_code == 200
        told = [ask(running.url, camera=camera).status_code for camera in CAMERAS]
        assert sorted(told)[-2:] == [500, 500]
        assert sum(each != 200 for each in told) == 2
        assert serves(running.url) == "1.0.0"
        assert loads(running.url, "rolled_back") == 1
        assert metric(running.url, "roadsight_canary_failures_total") == 2


def test_one_that_comes_to_differ_goes_back(tmp_path: Path) -> None:
    save(tmp_path, "1.0.0", labels=colours.LABELS)
    save(tmp_path, "2.0.0", labels=("red", "blue", "green"))
    with house(tmp_path) as running:
        trial = {"shadow_frames": 3, "max_disagreement": 0.5, "canary": 0.01}
        begun = while_loading(running, partial(ask, running.url, ONLY_RED), **trial)
        assert begun.json()["compared"]["disagreement"] == 0
        green = partial(ask, running.url, ONLY_GREEN)
        until(lambda: version(green()) == "1.0.0" and loads(running.url, "rolled_back") == 1, OPENED_S)
        assert ask(running.url, query="?version=2.0.0").status_code == 404
