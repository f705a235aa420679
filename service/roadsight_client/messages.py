"""What travels on a stream (`WS /v1/stream`), and which answer is whose.

CameraFrame, options --Question--> pack --> uint32 little-endian, length of the header | header: JSON | picture
answer, problem, superseded <--Unanswered-- JSON
                                            NotRoadsight
"""

import json
import struct
from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import Any

from roadsight_client import answers, replies
from roadsight_client.answers import Answer
from roadsight_client.errors import NotRoadsight, Problem, Unreachable
from roadsight_client.frames import CameraFrame
from roadsight_client.questions import Question

SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Superseded:
    """A newer frame of the same camera came before this one's turn; nothing was computed."""


Outcome = Answer | Superseded | Problem | Unreachable


@dataclass(frozen=True)
class Seen:
    """What became of a frame.

    Attributes:
        frame: as it was given.
        outcome: the answer; or why there is none, which is no reason to end the stream.
        latency_ms: from sending it to reading that.
    """

    frame: CameraFrame
    outcome: Outcome
    latency_ms: float


def pack(question: Question[Answer]) -> bytes:
    """Says in one message what `POST /v1/classify` says in query, headers and body."""
    named = {name.removeprefix("X-").lower().replace("-", "_"): value for name, value in question.headers.items()}
    header = question.params | named
    if question.deadline_ms is not None:
        header["deadline_ms"] = str(question.deadline_ms)
    encoded = json.dumps(header).encode()
    return struct.pack("<I", len(encoded)) + encoded + (question.content or b"")


class Unanswered:
    """Frames whose answer is out; of each camera answers come in the order of its frames."""

    def __init__(self) -> None:
        self._sent: dict[str | None, deque[tuple[CameraFrame, float]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._sent.values()))

    def sent(self, frame: CameraFrame) -> None:
        """Notes that a frame is on its way."""
        self._sent.setdefault(frame.camera, deque()).append((frame, monotonic()))

    def answered(self, text: str | bytes) -> Seen:
        """Reads an answer, and says whose it is.

        Raises:
            NotRoadsight: it is none, or nobody's.
        """
        try:
            said = json.loads(text)
            frame, sent = self._sent[said["frame"]["camera"]].popleft()
            return Seen(frame, _outcome(said), (monotonic() - sent) * 1e3)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise NotRoadsight(replies.OK, "not_roadsight", str(text[:200])) from error

    def lost(self, why: Unreachable) -> list[Seen]:
        """Gives up all of them: their connection is gone, and so is their moment."""
        left = [entry for sent in self._sent.values() for entry in sent]
        self._sent.clear()
        return [Seen(frame, why, (monotonic() - sent) * 1e3) for frame, sent in left]


def _outcome(said: dict[str, Any]) -> Outcome:
    status = said.get("status")
    if status == SUPERSEDED:
        return Superseded()
    return answers.parse(said) if status is None else replies.problem(status, said)
