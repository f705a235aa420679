"""A stream whose service goes away, or is none."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.http11 import Response
from websockets.sync.server import ServerConnection, serve

from roadsight_client import Answer, CameraFrame, Client, NotReady, NotRoadsight, Unreachable, streaming

Handle = Callable[[ServerConnection], None]
NOT_READY = '{"code": "not_ready", "detail": "not warm yet"}'


def frames(count: int) -> Iterator[CameraFrame]:
    """So many, numbered."""
    for number in range(count):
        yield CameraFrame(b"?", str(number), "front")


def answering(hang_up_after: int = 99) -> Handle:
    """Answers frames, and hangs up without a word on every connection after so many."""

    def handle(socket: ServerConnection) -> None:
        for number, message in enumerate(socket):
            if number == hang_up_after:
                socket.socket.close()
                return
            assert isinstance(message, bytes)
            said = json.loads(message[4 : 4 + int.from_bytes(message[:4], "little")])
            frame = {"id": said["frame_id"], "camera": said["camera_id"], "captured_at": None, "width": 1, "height": 1}
            socket.send(json.dumps({"frame": frame, "regions": [], "timings_ms": {}}))

    return handle


@contextmanager
def served(handle: Handle, **options: Any) -> Iterator[str]:
    """Runs a server of WebSockets; gives its URL."""
    with serve(handle, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join(10)


def test_a_connection_that_breaks_loses_what_was_on_its_way_and_is_made_anew() -> None:
    with served(answering(hang_up_after=2)) as url, Client(url) as client:
        seen = list(client.stream(frames(7)))
    assert [one.frame.id for one in seen] == list("0123456")
    lost = [one for one in seen if isinstance(one.outcome, Unreachable)]
    assert lost
    assert len(seen) - len(lost) >= 2


def test_connections_may_break_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "MOST_UNANSWERED", 2)
    with served(answering(hang_up_after=1)) as url, Client(url) as client:
        assert len(list(client.stream(frames(9)))) == 9


@pytest.mark.parametrize("url", ["127.0.0.1:9", "ftp://127.0.0.1", ""])
def test_what_is_no_address_is_told_at_once(url: str) -> None:
    with Client(url) as client, pytest.raises(Unreachable):
        list(client.stream(frames(1), patience_s=60))


def test_a_service_that_starts_is_waited_for() -> None:
    starting = iter([503, 503])

    def admit(socket: ServerConnection, _: object) -> Response | None:
        status = next(starting, None)
        return None if status is None else socket.respond(status, NOT_READY)

    with served(answering(), process_request=admit) as url, Client(url) as client:
        assert [type(seen.outcome) for seen in client.stream(frames(1))] == [Answer]


def test_a_service_that_starts_for_too_long_is_given_up_in_its_own_words() -> None:
    def admit(socket: ServerConnection, _: object) -> Response:
        return socket.respond(503, NOT_READY)

    refused = pytest.raises(NotReady, match="not warm yet")
    with served(answering(), process_request=admit) as url, Client(url) as client, refused:
        list(client.stream(frames(1), patience_s=0.2))


def test_a_service_that_stays_away_is_given_up() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        list(client.stream(frames(1), patience_s=0.2))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"frame": {"camera": "rear"}}', '{"frame": {"camera": "front"}}'])
def test_what_is_no_answer_is_told_from_the_service(text: str) -> None:
    def say(socket: ServerConnection) -> None:
        if socket.recv():
            socket.send(text)

    with served(say) as url, Client(url) as client, pytest.raises(NotRoadsight):
        list(client.stream(frames(1)))
