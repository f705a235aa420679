"""A frame of a stream, from its message to its answer: the way of `POST /v1/classify`, without HTTP.

message --read--> fields, body --ask--> Ask --pipeline--> Answer | why there is none --reply--> JSON
        BadParameter           BadParameter, BadRegion    Superseded, RoadsightError
"""

import asyncio
import logging
from time import monotonic

import orjson
from starlette.types import Scope

from roadsight_models.errors import DeadlineMissed, RoadsightError
from roadsight_service.metrics import GONE, SUPERSEDED, Clock
from roadsight_service.observed.requests import Requests
from roadsight_service.pipeline import Answer
from roadsight_service.request_log import Problem
from roadsight_service.room import Ask, Superseded
from roadsight_service.routes import ask as asking
from roadsight_service.routes.given import Given
from roadsight_service.routes.problems import answer_to
from roadsight_service.routes.rendering import classified, mentioned
from roadsight_service.routes.state import State
from roadsight_service.stream.message import read
from roadsight_service.trace import trace_of, traceparent

PATH = "/v1/stream"
NOBODY = asking.Said(None, None, None)
log = logging.getLogger(__name__)

Outcome = Answer | RoadsightError | Superseded


class Streamed:
    """One frame; what its header does not say, its stream was opened with."""

    def __init__(self, data: bytes, opened: Scope, stream: object, state: State, requests: Requests) -> None:
        self._opened, self._stream, self._state, self._requests = opened, stream, state, requests
        self._clock, received = Clock(), monotonic()
        self._said, self._until, self._body = NOBODY, received, b""
        self._parent: str | None = None
        self.camera = asking.camera(Given(opened))
        self._outcome: Outcome | None = None
        try:
            self._ask = self._read(data, received)
        except RoadsightError as error:
            self._outcome = error

    def _read(self, data: bytes, received: float) -> Ask:
        fields, self._body = read(data)
        self._parent = traceparent((name.encode(), text.encode()) for name, text in fields)
        given = Given(self._opened, [(name, text) for name, text in fields if name != "traceparent"])
        self._said, self.camera = asking.said(given), asking.camera(given)
        self._until = asking.deadline(received, given, self._state.settings)
        return asking.ask(given, self._until, self._state.settings)._replace(stream=self._stream)

    async def work(self) -> None:
        """Finds the answer, or why there is none."""
        if self._outcome is None:
            try:
                with self._state.intake.hold(len(self._body)):
                    self._outcome = await self._state.pipeline.classify(self._body, self._ask, self._clock)
            except (RoadsightError, Superseded) as error:
                self._outcome = error
            except asyncio.CancelledError:
                self._state.metrics.dropped(GONE)
                raise
            except Exception as error:
                log.exception("a frame of a stream failed")
                self._outcome = RoadsightError(str(error))
        self._body = b""

    def reply(self) -> str:
        """The JSON of the answer, at the moment that it is sent; an answer that would come too late is none."""
        outcome = self._outcome
        if isinstance(outcome, Answer) and monotonic() >= self._until:
            outcome = DeadlineMissed("its answer could be sent")
        self._clock.observe(self._state.metrics)
        if isinstance(outcome, Superseded):
            self._state.metrics.dropped(SUPERSEDED)
            return orjson.dumps({"frame": mentioned(self._said), "status": SUPERSEDED}).decode()
        if isinstance(outcome, Answer):
            quality, said = outcome.seen.quality, self._said
            self._state.metrics.pictures.answered(quality, said.camera_id, said.captured)
            self._note(200, None)
            outcome = self._state.tracks.follow(outcome, self._ask, said.captured)
            return classified(said, outcome, self._clock).decode()
        assert outcome is not None, "work comes first"
        return self._problem(outcome)

    def _problem(self, error: RoadsightError) -> str:
        self._state.metrics.dropped(error.code)
        self._note(error.status, None if error.status == RoadsightError.status else Problem(error.code, str(error)))
        told = orjson.loads(answer_to(error, self._parent and trace_of(self._parent)).body)
        return orjson.dumps({"frame": mentioned(self._said)} | told).decode()

    def _note(self, status: int, problem: Problem | None) -> None:
        self._requests.note(PATH, status, self._clock.elapsed, self._parent, self._clock.spent, problem)
