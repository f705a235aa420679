"""The in-process limit does what the service does, one frame at a time."""

from pathlib import Path

import pytest

import colours
import fake_gpu
from pictures import BLUE, GREEN, RED, jpeg, striped
from roadsight_bench import limit
from roadsight_bench.requests import Request
from roadsight_models.errors import BadImage, BadRegion
from roadsight_models.regions import Box, Region
from roadsight_models.runners import Gpu
from roadsight_models.session import open_session
from running import Watched, watched_colours

REQUESTS = [Request(jpeg(striped(colour))) for colour in (RED, GREEN, BLUE)]


def test_every_frame_is_judged_by_itself(tmp_path: Path) -> None:
    session = watched_colours(tmp_path)
    assert limit.answers_per_second([session], REQUESTS, threads=2, seconds=0.1) > 0
    assert set(session.batches) == {1}


def test_bodies_are_taken_in_turn(tmp_path: Path) -> None:
    session = watched_colours(tmp_path)
    limit.answers_per_second([session], REQUESTS, threads=1, seconds=0.5)
    assert session.seen[:4] == ["red", "green", "blue", "red"]


def test_threads_start_apart_so_that_they_do_not_share_a_picture(tmp_path: Path) -> None:
    session = watched_colours(tmp_path)
    limit.answers_per_second([session], REQUESTS[:2], threads=2, seconds=0.001)
    assert {"red", "green"} <= set(session.seen)


def test_every_region_is_judged_by_every_session_in_batches_of_the_size_that_suits_a_core(tmp_path: Path) -> None:
    sessions = [watched_colours(tmp_path / name) for name in ("a", "b")]
    regions = tuple(Region(Box(0, 0, 8 + number, 8)) for number in range(limit.BATCH + 1))
    limit.answer(sessions, [Request(REQUESTS[0].body, regions)])
    assert [session.batches for session in sessions] == [[limit.BATCH, 1]] * 2


def test_a_region_outside_the_picture_is_an_error_not_a_figure(tmp_path: Path) -> None:
    outside = Request(REQUESTS[0].body, (Region(Box(9_000, 0, 9_100, 100)),))
    with pytest.raises(BadRegion):
        limit.look([watched_colours(tmp_path)], outside)


def test_a_large_frame_is_decoded_as_small_as_its_crops_allow(tmp_path: Path) -> None:
    session = watched_colours(tmp_path)
    frame, (region,) = limit.look([session], Request(jpeg(striped(RED, width=400, height=400))))
    assert frame.reduction == 8
    assert region.box == (0, 0, 400, 400)


def test_works_are_counted_over_all_threads() -> None:
    done: list[int] = []
    assert limit.per_second([lambda: done.append(0), lambda: done.append(1)], threads=2, seconds=0.0) > 0
    assert sorted(done) == [0, 1]


def test_a_frame_that_can_not_be_judged_is_an_error_not_a_figure(tmp_path: Path) -> None:
    with pytest.raises(BadImage):
        limit.answers_per_second([watched_colours(tmp_path)], [Request(b"no picture")], threads=2, seconds=0.1)


def test_on_a_gpu_every_batch_is_a_full_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_gpu.install(monkeypatch)
    session = Watched(open_session(colours.save(tmp_path), "cuda", gpu=Gpu(largest=4)))
    session.batches.clear()
    assert limit.answers_per_second([session], REQUESTS, threads=2, seconds=0.1) > 0
    assert set(session.batches) == {4}
    assert set(session.seen) == {"red", "green", "blue"}
