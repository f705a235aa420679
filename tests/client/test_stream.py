"""A camera's stream, on the real service, and on one that goes away."""

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pictures import BLUE, GREEN, RED, encoded, striped
from roadsight_client import (
    Answer,
    AsyncClient,
    BadImage,
    CameraFrame,
    Client,
    Seen,
    Superseded,
    Unauthorized,
)
from running import Watched, metric, serve_watched, until

COLOURS = {"red": encoded(striped(RED)), "green": encoded(striped(GREEN)), "blue": encoded(striped(BLUE))}


def frames(*names: str, camera: str = "front") -> Iterator[CameraFrame]:
    """A frame of each colour, numbered; what is no colour is no picture."""
    for number, name in enumerate(names):
        yield CameraFrame(COLOURS.get(name, b"?"), str(number), camera, regions=[(0, 0, 40, 40)])


def told(seen: Seen) -> str:
    """The label of an answer, or the class of what came instead."""
    if isinstance(seen.outcome, Answer):
        assert seen.outcome.frame.id == seen.frame.id
        return seen.outcome.regions[0].results[0].predictions[0].label
    return type(seen.outcome).__name__


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Watched]]:
    with serve_watched(tmp_path_factory.mktemp("bundles"), lanes=1) as (url, session):
        yield url, session


def one_by_one(client: Client, *names: str) -> Iterator[CameraFrame]:
    """Frames each of which waits for the answer to the one before, so that none is superseded."""
    for frame in frames(*names):
        yield frame
        client.classify(COLOURS["red"])  # the only lane takes one frame after the other


def test_frames_are_answered_in_order_on_one_connection(service: tuple[str, Watched]) -> None:
    with Client(service[0]) as client:
        seen = list(client.stream(one_by_one(client, "red", "blue", "green"), top=1, tasks=["colour"]))
    assert [told(one) for one in seen] == ["red", "blue", "green"]
    assert [one.frame.id for one in seen] == ["0", "1", "2"]
    assert all(one.latency_ms > 0 for one in seen)


async def test_who_awaits_is_told_the_same(service: tuple[str, Watched]) -> None:
    with Client(service[0]) as waiting:
        async with AsyncClient(service[0]) as client, client.stream(one_by_one(waiting, "red", "blue")) as stream:
            assert [told(seen) async for seen in stream] == ["red", "blue"]


def test_a_problem_with_one_frame_is_told_of_it_and_the_next_is_answered(service: tuple[str, Watched]) -> None:
    with Client(service[0]) as client:
        seen = list(client.stream(one_by_one(client, "red", "nothing", "blue")))
    assert [told(one) for one in seen] == ["red", "BadImage", "blue"]
    assert isinstance(seen[1].outcome, BadImage)
    assert seen[1].outcome.status == 400


def test_of_frames_that_wait_only_the_newest_is_answered(service: tuple[str, Watched]) -> None:
    url, session = service

    def quickly() -> Iterator[CameraFrame]:
        session.entered.clear()
        session.gate.clear()
        for number, frame in enumerate(frames("red", "green", "green", "blue")):
            yield frame
            if number == 0:
                assert session.entered.wait(10)  # the first is at work, the others come meanwhile
        yield from frames("green", camera="side")  # once it waits, those sent before it have come
        threading.Thread(target=open_gate).start()

    def open_gate() -> None:
        until(lambda: metric(url, "roadsight_queue_depth") == 2)
        session.gate.set()

    with Client(url) as client:
        seen = [one for one in client.stream(quickly()) if one.frame.camera == "front"]
    assert [told(one) for one in seen] == ["red", "Superseded", "Superseded", "blue"]
    assert seen[1].outcome == Superseded()


def test_cameras_on_one_connection_get_their_own_answers(service: tuple[str, Watched]) -> None:
    def both() -> Iterator[CameraFrame]:
        yield from frames("red", camera="left")
        yield from frames("blue", camera="right")
        yield CameraFrame(COLOURS["green"])

    with Client(service[0]) as client:
        seen = {one.frame.camera: told(one) for one in client.stream(both())}
    assert seen == {"left": "red", "right": "blue", None: "green"}


def test_who_has_enough_may_leave_and_the_frames_are_taken_no_further(service: tuple[str, Watched]) -> None:
    taken: list[str | None] = []

    def endless() -> Iterator[CameraFrame]:
        while True:
            for frame in one_by_one(client, "red"):
                taken.append(frame.id)
                yield frame

    with Client(service[0]) as client:
        stream = client.stream(endless())
        assert told(next(stream)) == "red"
        stream.close()  # type: ignore[attr-defined]  # of a generator, which it is
        count = len(taken)
        client.classify(COLOURS["red"])
    assert len(taken) <= count + 1
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "roadsight-stream"])


def test_a_source_that_fails_ends_the_stream_with_its_own_error(service: tuple[str, Watched]) -> None:
    def broken() -> Iterator[CameraFrame]:
        yield from frames("red")
        raise OSError("the camera fell off")

    with Client(service[0]) as client, pytest.raises(OSError, match="the camera fell off"):
        list(client.stream(broken()))


def test_a_stream_that_is_refused_says_why(tmp_path: Path) -> None:
    keys = json.dumps({hashlib.sha256(b"lab").hexdigest(): ["classify"]})
    with serve_watched(tmp_path, keys=keys) as (url, _):
        with Client(url) as stranger, pytest.raises(Unauthorized):
            list(stranger.stream(frames("red")))
        with Client(url, key="lab") as client:
            assert [told(seen) for seen in client.stream(frames("red"))] == ["red"]
