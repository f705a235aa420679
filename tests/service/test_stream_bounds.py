"""What keeps a stream from growing, hanging, or being anybody's; and how it ends."""

import hashlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Response

import running
from roadsight_service import stream_protocol
from roadsight_service.app import Roadsight
from roadsight_service.registry import Registry
from roadsight_service.server import config
from roadsight_service.settings import Settings
from roadsight_service.stream import connection
from running import RED_PNG, Wire, head, metric, occupy, post, serve, serve_watched, until, watched_colours
from streams import Camera, message, streaming, told

KEYS = {hashlib.sha256(key.encode()).hexdigest(): (scope,) for key, scope in (("ours", "classify"), ("ops", "admin"))}
UPGRADE = (
    b"GET /v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def refused(url: str, **headers: str) -> Response:
    """What is answered in place of an upgrade."""
    with pytest.raises(InvalidStatus) as caught, streaming(url, additional_headers=headers):
        pass
    return caught.value.response


def closed(camera: Camera) -> int:
    """Reads until the service closes; the code that it gives."""
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            camera.reply()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


def test_a_key_is_asked_for_before_the_upgrade(tmp_path: Path) -> None:
    with serve_watched(tmp_path, keys=json.dumps(KEYS)) as (url, _):
        for key, status, code in (("", 401, "unauthorized"), ("none", 401, "unauthorized"), ("ops", 403, "forbidden")):
            told_no = refused(url, Authorization=f"Bearer {key}")
            assert (told_no.status_code, json.loads(told_no.body or b"")["code"]) == (status, code)
        assert metric(url, 'roadsight_requests_total{code="401",route="/v1/stream"') == 2
        with streaming(url, additional_headers={"Authorization": "Bearer ours"}) as camera:
            camera.send()
            assert told(camera.reply()) == "red"


def test_streams_have_a_limit_and_a_place_is_free_once_one_ends(tmp_path: Path) -> None:
    with serve_watched(tmp_path, stream_connections=2) as (url, _):
        with streaming(url), streaming(url):
            full = refused(url)
            assert (full.status_code, full.headers["Retry-After"]) == (429, "1")
        until(lambda: metric(url, "roadsight_streams") == 0)
        with streaming(url) as camera:
            camera.send()
            assert told(camera.reply()) == "red"


def test_a_message_has_a_limit_and_so_have_all_that_are_held(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1, max_body_bytes=2000, max_buffered_bytes=2000) as (url, session):
        with streaming(url) as camera, ThreadPoolExecutor(1) as pool:
            held = occupy(pool, url, session)
            camera.send(RED_PNG + bytes(1600), camera_id="a")
            camera.send(RED_PNG + bytes(1600), camera_id="b")
            assert told(camera.reply()) == "queue_full"
            session.gate.set()
            assert (told(camera.reply()), held.result().status_code) == ("red", 200)
            camera.send(bytes(200_000))
            assert closed(camera) == 1009
        assert post(url, body=RED_PNG + bytes(1600)).status_code == 200  # nothing is held any more


def test_who_sends_nothing_is_let_go_once_its_frames_are_answered(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1, stream_idle_seconds=1) as (url, session), streaming(url) as camera:
        session.gate.clear()
        camera.send()
        assert session.entered.wait(10)
        session.gate.set()
        assert told(camera.reply()) == "red"
        assert closed(camera) == 1000


def test_who_reads_nothing_is_hung_up_on_and_keeps_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SEND_S", 0.2)
    monkeypatch.setattr(stream_protocol, "LINGER_S", 0.2)
    with serve_watched(tmp_path) as (url, _), Wire(url) as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.send(UPGRADE)
        assert wire.reply().status == 101
        with pytest.raises(ConnectionError):  # and no TimeoutError
            for number in count():  # the answers are ten times as long
                wire.send(masked(message(regions=[[0, 0, 2, 2]] * 256, camera_id=str(number))))
        until(lambda: metric(url, "roadsight_streams") == 0)


def masked(data: bytes) -> bytes:
    """A binary message of a client (RFC 6455), with a mask of zeros."""
    return b"\x82\xfe" + len(data).to_bytes(2, "big") + bytes(4) + data


def test_a_service_that_stops_answers_what_it_has_and_says_that_it_goes(tmp_path: Path) -> None:
    with ExitStack() as later, ThreadPoolExecutor(1) as pool:
        with serve_watched(tmp_path, lanes=1) as (url, session):
            camera = later.enter_context(streaming(url))
            held = occupy(pool, url, session)
            camera.send()
            until(lambda: metric(url, "roadsight_queue_depth") == 1)
        assert held.result().status_code == 200
        assert told(camera.reply()) == "red"
        assert closed(camera) == 1012


def test_a_service_whose_time_is_up_closes_what_is_left(tmp_path: Path) -> None:
    with ExitStack() as later:
        session = watched_colours(tmp_path)
        session.gate.clear()
        with serve(Settings(drain_seconds=0), lambda _: Registry({"colour": session})) as url:
            camera = later.enter_context(streaming(url))
            camera.send()
            assert session.entered.wait(10)
        assert closed(camera) == 1012
        session.gate.set()


def test_a_connection_that_was_used_before_its_upgrade_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def brief(app: Roadsight, settings: Settings) -> uvicorn.Config:
        made = config(app, settings)
        made.timeout_keep_alive = 1
        return made

    monkeypatch.setattr(running, "config", brief)
    with serve_watched(tmp_path) as (url, _), Wire(url) as wire:
        wire.send(head(), RED_PNG)
        assert wire.reply().status == 200
        wire.send(UPGRADE)
        assert wire.reply().status == 101
        time.sleep(1.2)  # as long as HTTP would keep it
        wire.send(masked(message()))
        assert wire.socket.recv(1) == b"\x81"
