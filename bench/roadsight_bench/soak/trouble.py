"""Bad requests, one after the other, each with the status that is due to it.

frame --kinds--> Bad(s) --Troublemaker--> Wrong(s): those that were told something else
"""

import struct
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from threading import Event
from urllib.parse import urljoin

from roadsight_bench.launch import Launch, post

ANSWERED_WITHIN_S = 30.0  # the service gives a frame 5 s, and may have much in hand
PAUSE_S = 0.1
QUEUE_FULL = 429  # may be said of any frame, before anybody looks at it
CLASSIFY, CHECK, LOAD = "/v1/classify", "/v1/robustness", "/v1/models/traffic_sign/load"


@dataclass(frozen=True)
class Bad:
    """A request that must be refused."""

    status: int  # what is due to it
    route: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)  # beside the usual ones


@dataclass(frozen=True)
class Wrong:
    """A bad request that was told something else."""

    request: str
    due: int
    told: int  # 0 where no answer came


def kinds(frame: bytes) -> list[Bad]:
    """One of every kind; `frame` is a JPEG file of 720p."""
    return [
        Bad(400, CLASSIFY, b"no picture"),
        Bad(400, CLASSIFY, frame[: len(frame) // 2]),
        Bad(401, CLASSIFY, frame, {"Authorization": "Bearer stranger"}),
        Bad(404, f"{CLASSIFY}?task=smell", frame),
        Bad(404, f"{CLASSIFY}?version=0.0.1", frame),
        Bad(413, CLASSIFY, _huge(), {"Content-Type": "image/png"}),
        Bad(415, CLASSIFY, frame, {"Content-Type": "text/plain"}),
        Bad(422, f"{CLASSIFY}?regions=[[5000,0,5010,10]]", frame),
        Bad(422, CLASSIFY, frame, {"X-Deadline-Ms": "soon"}),
        Bad(504, CLASSIFY, frame, {"X-Deadline-Ms": "0"}),
        Bad(422, f"{CHECK}?task=traffic_sign&region=[0,0,64,64]&epsilon=nan", frame),
        Bad(422, f"{CHECK}?task=traffic_sign&region=[0,0,64,64]&attack=spell", frame),
        Bad(422, LOAD, b'{"bundle": 7}'),
    ]


def _huge() -> bytes:
    """A PNG file of hardly any bytes that claims 60,000 x 60,000 pixels."""
    kind, header = b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(header))
        + kind
        + header
        + struct.pack(">I", zlib.crc32(kind + header))
    )


class Troublemaker:
    """Sends bad requests in turn as long as its block runs."""

    def __init__(self, launch: Launch, bad: Sequence[Bad]) -> None:
        """Takes the service that is troubled, and with what."""
        self._launch, self._bad = launch, bad
        self._stop = Event()
        self.sent = 0
        self.wrong: list[Wrong] = []

    def __enter__(self) -> "Troublemaker":
        """Begins."""
        self._pool = ThreadPoolExecutor(1)
        self._loop = self._pool.submit(self._trouble)
        return self

    def __exit__(self, *_: object) -> None:
        """Ends, with the answer that is awaited."""
        self._stop.set()
        self._pool.shutdown()
        self._loop.result()

    def _trouble(self) -> None:
        for one in cycle(self._bad):
            headers = self._launch.form.headers | one.headers
            answer = post(urljoin(self._launch.url, one.route), one.body, headers, ANSWERED_WITHIN_S)
            told = 0 if answer is None else answer.status
            self.sent += 1
            if told not in (one.status, QUEUE_FULL):
                self.wrong.append(Wrong(f"{one.route} {one.headers or ''}".strip(), one.status, told))
            if self._stop.wait(PAUSE_S):
                return
