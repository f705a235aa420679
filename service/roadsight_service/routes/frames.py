"""The way of frames between server and route, past FastAPI's layers.

head --refuse--> answer, noted | let in
request --classify--> answer --Caller--> noted
"""

from time import perf_counter

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from roadsight_models.errors import RoadsightError
from roadsight_service.protocol import CALLER, caller_of
from roadsight_service.routes import classify
from roadsight_service.routes.measured import Notes
from roadsight_service.routes.problems import tell


class Frames:
    """What an application does with frames."""

    def __init__(self, app: FastAPI, notes: Notes) -> None:
        self._app, self._notes = app, notes

    def refuse(self, scope: Scope) -> Response | None:
        """What is told to a frame that its head rules out; None to one that is let in."""
        scope.update(app=self._app, route=classify.router.routes[0])
        try:
            classify.enter(scope)
        except RoadsightError as error:
            response = tell(scope, error)
            self._note(scope, response.status_code)
            return response
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a frame."""
        scope.update(app=self._app, route=classify.router.routes[0])
        status = 500
        try:
            try:
                response = await classify.classify(Request(scope, receive, send))
            except RoadsightError as error:
                response = tell(scope, error)
            except Exception as error:
                await caller_of(scope).answer(tell(scope, error))
                raise  # the server logs it
            await caller_of(scope).answer(response)
            status = response.status_code
        finally:
            self._note(scope, status)

    def _note(self, scope: Scope, status: int) -> None:
        self._notes.take(scope, status, perf_counter() - caller_of(scope).since)
        del scope[CALLER]  # it holds what holds the scope: only a collection would free them
