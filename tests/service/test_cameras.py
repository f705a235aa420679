"""Several cameras at once, over the real socket: what is asserted is the order of inference."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pictures import BLUE, GREEN, RED, encoded, striped
from roadsight_service.batcher import InlineBatcher
from running import metric, occupy, post, serve_watched, until

FRAMES = {colour: encoded(striped(rgb)) for colour, rgb in (("red", RED), ("green", GREEN), ("blue", BLUE))}


def until_waiting(url: str, frames: int) -> None:
    until(lambda: metric(url, "roadsight_queue_depth") == frames)


def order(tmp_path: Path, frames: list[tuple[str, str, int]]) -> list[str]:
    """Lets frames (camera, colour, deadline in ms) gather before one busy lane; the colours as they were inferred."""
    with (
        serve_watched(tmp_path, lanes=1, batch_crops=1) as (url, session),
        ThreadPoolExecutor(len(frames) + 1) as pool,
    ):
        answers = [occupy(pool, url, session)]
        for waiting, (camera, colour, deadline_ms) in enumerate(frames, start=1):
            answers.append(pool.submit(post, url, deadline_ms, FRAMES[colour], X_Camera_Id=camera))
            until_waiting(url, waiting)
        session.gate.set()
        assert {answer.result().status_code for answer in answers} == {200}
        return session.seen[1:]


def test_a_camera_that_floods_does_not_keep_a_calm_one_waiting(tmp_path: Path) -> None:
    flood = [("flood", "red", 8_000)] * 12
    calm = [("calm", "blue", 15_000)] * 2
    seen = order(tmp_path, flood + calm)
    assert seen.count("red") == 12
    assert [i for i, colour in enumerate(seen) if colour == "blue"] in ([0, 2], [1, 3])


def test_three_cameras_take_turns(tmp_path: Path) -> None:
    frames = [(colour, colour, 15_000) for colour in ("red", "green", "blue") for _ in range(3)]
    seen = order(tmp_path, frames)
    assert [sorted(seen[i : i + 3]) for i in (0, 3, 6)] == [["blue", "green", "red"]] * 3


def test_the_frame_that_is_wanted_first_is_inferred_first(tmp_path: Path) -> None:
    frames = [("one", "red", 15_000), ("one", "green", 10_000), ("one", "blue", 12_000)]
    assert order(tmp_path, frames) == ["green", "blue", "red"]


def test_a_frame_of_many_regions_does_not_keep_another_camera_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InlineBatcher, "round_s", 0)  # a turn is one batch
    regions = f"?regions={json.dumps([[0, 0, 16, 16]] * 64)}"
    with serve_watched(tmp_path, lanes=1, batch_crops=4) as (url, session), ThreadPoolExecutor(3) as pool:
        session.gate.clear()
        session.entered.clear()
        large = pool.submit(post, url, body=FRAMES["red"], query=regions, X_Camera_Id="bus")
        assert session.entered.wait(10)
        small = pool.submit(post, url, body=FRAMES["blue"], X_Camera_Id="car")
        until_waiting(url, 1)
        session.gate.set()
        assert [answer.result().status_code for answer in (large, small)] == [200, 200]
        assert session.seen.index("blue") <= 2 * 4  # a batch was at work, one more may have had the earlier deadline
        assert session.seen.count("red") == 64


def test_clients_that_name_no_camera_are_told_apart_by_where_they_are(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1) as (url, session), ThreadPoolExecutor(8) as pool:
        held = occupy(pool, url, session)
        nameless = [pool.submit(post, url, 15_000, FRAMES["red"]) for _ in range(4)]
        until_waiting(url, 4)
        named = pool.submit(post, url, 15_000, FRAMES["blue"], X_Camera_Id="front")
        until_waiting(url, 5)
        session.gate.set()
        assert {answer.result().status_code for answer in (held, *nameless, named)} == {200}
        assert "blue" in session.seen[1:3]


@pytest.mark.parametrize("lanes", [1, 3])
def test_everyone_gets_the_answer_to_its_own_frame(tmp_path: Path, lanes: int) -> None:
    def label(url: str, colour: str, camera: int) -> bool:
        answer = post(url, body=FRAMES[colour], X_Camera_Id=str(camera), X_Frame_Id=colour).json()
        best = answer["regions"][0]["results"][0]["predictions"][0]["label"]
        return (best, answer["frame"]["id"], answer["frame"]["camera"]) == (colour, colour, str(camera))

    with serve_watched(tmp_path, lanes=lanes) as (url, session), ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(label, url, colour, i % 5) for i in range(40) for colour in FRAMES]
        assert all(one.result() for one in asked)
        assert sum(session.batches) == 120
