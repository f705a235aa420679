"""Working for a client as long as it waits, and saying by its name what ends that early.

request, work --unless_gone--> what the work gives
              ClientGone
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Scope

from roadsight_models.errors import Draining, RoadsightError
from roadsight_service.metrics import GONE
from roadsight_service.protocol import caller_of
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


async def unless_gone(scope: Scope, work: Coroutine[Any, Any, Kind]) -> Kind:
    """Awaits the work, but cancels it when the client hangs up."""
    task, caller, gone = asyncio.current_task(), caller_of(scope), False
    assert task is not None, "a route runs in a task"

    def leave() -> None:
        nonlocal gone
        gone = True
        task.cancel()

    caller.when_gone(leave)
    try:
        return await work
    except asyncio.CancelledError as error:
        if not gone:  # the server stops
            raise
        task.uncancel()
        raise ClientGone from error
    finally:
        caller.when_gone(None)
