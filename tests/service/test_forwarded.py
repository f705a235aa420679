"""Behind a server that forwards by plain ASGI: answers pass, and who hangs up is counted as on a socket of ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from roadsight_service.app import Roadsight, create_app
from roadsight_service.registry import Registry
from roadsight_service.routes.forwarded import Forwarded
from roadsight_service.settings import Settings
from running import RED_PNG, Watched, watched_colours

Message = dict[str, Any]
COUNTS = ("roadsight_requests_total", "roadsight_frames_dropped_total")


@asynccontextmanager
async def running(root: Path) -> AsyncIterator[tuple[Roadsight, Watched]]:
    session = watched_colours(root)
    app = create_app(Settings(lanes=1), lambda _: Registry({"colour": session}))
    async with app.router.lifespan_context(app):
        try:
            yield app, session
        finally:
            session.gate.set()


class Server:
    """What forwards one frame: its messages to the application, and those that come back."""

    def __init__(self, *messages: Message | Exception) -> None:
        self._messages, self.sent = list(messages), list[Message]()

    async def receive(self) -> Message:
        """The next message; for ever none after the last."""
        if not self._messages:
            await asyncio.Event().wait()
        message = self._messages.pop(0)
        if isinstance(message, Exception):
            raise message
        return message

    async def send(self, message: Message) -> None:
        """Takes a part of the answer."""
        self.sent.append(message)

    async def forward(self, app: Roadsight) -> None:
        """Brings the frame."""
        headers = [(b"content-type", b"image/png"), (b"host", b"x")]
        where = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/v1/classify", "query_string": b""}
        await Forwarded(app)(where | {"headers": headers}, self.receive, self.send)  # type: ignore[arg-type]  # messages are dicts


def counted(app: Roadsight) -> dict[str, float]:
    """What was counted of frames, by its code or reason; zeros left out."""
    families = app.state.roadsight.metrics.registry.collect()
    samples = (sample for family in families for sample in family.samples if sample.name in COUNTS and sample.value)
    return {sample.labels.get("code") or sample.labels["reason"]: sample.value for sample in samples}


BODY: Message = {"type": "http.request", "body": RED_PNG, "more_body": False}
PART: Message = {"type": "http.request", "body": RED_PNG[:20], "more_body": True}


async def test_an_answer_is_one_head_and_one_body(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, _):
        server = Server(BODY)
        await server.forward(app)
        head, body = server.sent
        assert (head["status"], b'"label":"red"' in body["body"]) == (200, True)
        assert counted(app) == {"200": 1}


async def test_a_request_that_is_cancelled_while_a_lane_works_is_a_client_that_left(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, session):
        session.gate.clear()
        server = Server(BODY)
        request = asyncio.ensure_future(server.forward(app))
        assert await asyncio.to_thread(session.entered.wait, 10)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        assert server.sent == []
        assert counted(app) == {"499": 1, "client_gone": 1}


@pytest.mark.parametrize("end", [{"type": "http.disconnect"}, KeyError("gone")], ids=["told", "failed"])
async def test_a_body_that_breaks_off_is_a_client_that_left(tmp_path: Path, end: Message | Exception) -> None:
    async with running(tmp_path) as (app, _):
        server = Server(PART, end)
        await server.forward(app)
        assert counted(app) == {"499": 1, "client_gone": 1}
