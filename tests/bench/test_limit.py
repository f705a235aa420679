"""The in-process limit does what the service does, one frame at a time."""

from pathlib import Path

import pytest

import colours
import fake_gpu
from pictures import BLUE, GREEN, RED, jpeg, striped
from roadsight_bench import limit
from roadsight_models.errors import BadImage
from roadsight_models.runners import Gpu
from roadsight_models.session import open_session
from running import Watched, watched_colours

BODIES = [jpeg(striped(colour)) for colour in (RED, GREEN, BLUE)]


def test_every_frame_is_judged_by_itself(tmp_path: Path) -> None:
    session = watched_colours(tmp_path)
    assert limit.answers_per_second(session, BODIES, threads=2, seconds=0.1) > 0
    assert set(session.batches) == {1}


def test_bodies_are_taken_in_turn(tmp_path: Path) -> None:
    session = watched_colours(tmp_path)
    limit.answers_per_second(session, BODIES, threads=1, seconds=0.5)
    assert session.seen[:4] == ["red", "green", "blue", "red"]


def test_threads_start_apart_so_that_they_do_not_share_a_picture(tmp_path: Path) -> None:
    session = watched_colours(tmp_path)
    limit.answers_per_second(session, BODIES[:2], threads=2, seconds=0.001)
    assert {"red", "green"} <= set(session.seen)


def test_a_frame_that_can_not_be_judged_is_an_error_not_a_figure(tmp_path: Path) -> None:
    with pytest.raises(BadImage):
        limit.answers_per_second(watched_colours(tmp_path), [b"no picture"], threads=2, seconds=0.1)


def test_on_a_gpu_every_batch_is_a_full_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_gpu.install(monkeypatch)
    session = Watched(open_session(colours.save(tmp_path), "cuda", gpu=Gpu(largest=4)))
    session.batches.clear()
    assert limit.answers_per_second(session, BODIES, threads=2, seconds=0.1) > 0
    assert set(session.batches) == {4}
    assert set(session.seen) == {"red", "green", "blue"}
