"""Hundreds of good and bad requests at once; afterwards everything is where it was."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from pictures import BLUE, RED, encoded, png_header, striped
from running import PNG, RED_PNG, Wire, head, metric, post, serve_watched, until

FRAME = encoded(striped(RED, BLUE))
ROOM = 60_000  # bytes that all bodies together may hold; also the largest body
ROUNDS = 25


def ask(url: str, query: str = "", body: bytes = FRAME, **headers: str) -> int:
    given = PNG | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{url}/v1/classify{query}", content=body, headers=given, timeout=30, verify=False).status_code


def form(url: str) -> int:
    data, files = {"top": "1"}, {"frame": FRAME}
    return httpx.post(f"{url}/v1/classify", data=data, files=files, timeout=30, verify=False).status_code


def leave_early(url: str) -> int:
    with Wire(url) as wire:
        wire.send(head() + RED_PNG[:30])
    return 499


def send_rubbish(url: str) -> int:
    with Wire(url) as wire:
        wire.send(b"\x16\x03\x01 no HTTP")
        return wire.reply().status


KINDS: dict[int, list[Callable[[str], int]]] = {
    200: [ask, lambda url: ask(url, "?regions=[[0,0,40,40],[40,0,80,40]]&top=0"), form],
    400: [lambda url: ask(url, body=b"text"), lambda url: ask(url, body=FRAME[:-20]), send_rubbish],
    404: [lambda url: ask(url, "?task=smell"), lambda url: ask(url, "?version=9.9.9")],
    413: [lambda url: ask(url, body=bytes(ROOM + 1)), lambda url: ask(url, body=png_header(60_000, 60_000))],
    415: [lambda url: ask(url, Content_Type="text/plain")],
    422: [lambda url: ask(url, "?regions=[[500,500,510,510]]"), lambda url: ask(url, X_Deadline_Ms="soon")],
    499: [leave_early],
    504: [lambda url: ask(url, X_Deadline_Ms="0")],
}


@pytest.mark.parametrize("lanes", [1, 4])
def test_after_a_storm_nothing_is_left_behind(tmp_path: Path, lanes: int) -> None:
    storm = [(status, kind) for status, kinds in KINDS.items() for kind in kinds] * ROUNDS
    random.Random(0).shuffle(storm)
    with serve_watched(tmp_path, lanes=lanes, max_body_bytes=ROOM, max_buffered_bytes=ROOM) as (url, session):
        assert post(url).status_code == 200
        threads = threading.active_count()
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda each: (each[0], each[1](url)), storm))
        assert [(expected, got) for expected, got in answers if expected != got] == []
        until(lambda: metric(url, 'roadsight_requests_total{code="499"') == ROUNDS)
        assert metric(url, "roadsight_queue_depth") == 0
        assert post(url, body=bytes(ROOM)).status_code == 400  # all the room is free: the picture is bad, not the time
        assert threading.active_count() == threads
        assert metric(url, 'roadsight_requests_total{code="500"') == 0
        crops = ROUNDS * (1 + 2 + 1)
        assert metric(url, "roadsight_predictions_total") == crops + 1
        assert sum(session.batches) == crops + 1
        assert post(url).status_code == 200


def test_a_storm_larger_than_the_queue_is_refused_in_part_and_the_rest_is_answered(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1, queue_frames=4) as (url, session), ThreadPoolExecutor(24) as pool:
        session.gate.clear()
        storm = [pool.submit(post, url) for _ in range(24)]
        until(lambda: metric(url, 'roadsight_frames_dropped_total{reason="queue_full"}') >= 24 - 4 - 8)
        session.gate.set()
        answers = [answer.result() for answer in storm]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert {answer.status_code for answer in answers} == {200, 429}
        assert all(answer.headers["retry-after"] == "1" for answer in refused)
        assert sum(session.batches) == 24 - len(refused)
        assert metric(url, "roadsight_queue_depth") == 0
