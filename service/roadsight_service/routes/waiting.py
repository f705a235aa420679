"""Working for a client as long as it waits, and saying by its name what ends that early.

request, work --unless_gone--> what the work gives
              ClientGone
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from roadsight_models.errors import Draining, RoadsightError
from roadsight_service.metrics import GONE
from roadsight_service.room import ClientGone

CLIENT_CLOSED_REQUEST = 499  # nginx's status for a client that hung up; nobody receives it, the metrics count it

Kind = TypeVar("Kind")


@contextmanager
def telling(count: Callable[[str], None]) -> Iterator[None]:
    """Counts what ends the block early, by its code.

    Raises:
        ClientGone: the client hung up.
        Draining: the server cancels what is left when the time to drain is up.
    """
    try:
        yield
    except RoadsightError as error:
        count(error.code)
        raise
    except (ClientDisconnect, ClientGone) as error:
        count(GONE)
        raise ClientGone from error
    except asyncio.CancelledError as error:
        count(Draining.code)
        raise Draining("the service went down before the answer was ready") from error


async def unless_gone(request: Request, work: Coroutine[Any, Any, Kind]) -> Kind:
    """Awaits the work, but cancels it when the client hangs up."""
    task, waits = asyncio.current_task(), True
    assert task is not None, "a route runs in a task"

    def leave(_: "asyncio.Task[None]") -> None:
        if waits:
            task.cancel()

    gone = asyncio.ensure_future(_gone(request))
    gone.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError as error:
        if not gone.done():  # the server stops
            raise
        task.uncancel()
        raise ClientGone from error
    finally:
        waits = False
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
