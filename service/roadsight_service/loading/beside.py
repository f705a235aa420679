"""A machine room that is opened while another one serves.

settings --begin_beside--> Crew, warm --lanes, a frame for each--> Room
                           LaneLost, and what stops a start: nothing of it is left
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any

from roadsight_models.errors import LaneLost
from roadsight_service.loading.relay import Heard, Relay
from roadsight_service.metrics import Metrics
from roadsight_service.opening import begin_beside
from roadsight_service.room import Ask, Room, Seen
from roadsight_service.settings import Settings

HELD_S = 30.0  # that live frames hold up what is opened; then it takes what time they leave

Frame = tuple[bytes, Ask, tuple[str, ...]]


async def open_beside(relay: Relay, settings: Settings, metrics: Metrics) -> Room:
    """Opens what the settings choose, gets its lanes, and shows them the last frame that was answered meanwhile.

    Raises:
        RoadsightError: what stops a start.
        LaneLost: a process died, took too long, or there is no room for it on this machine.
    """
    frames = deque[Frame](maxlen=1)

    def keep(heard: Heard) -> None:
        if isinstance(heard.said, Seen) and isinstance(heard.ask, Ask):
            frames.append((heard.body, heard.ask, heard.tasks))

    try:
        with relay.heard_by(keep):
            return await _opened(relay, settings, metrics, frames)
    except OSError as error:
        raise LaneLost(f"no process can be had for it: {error}") from error


async def _opened(relay: Relay, settings: Settings, metrics: Metrics, frames: Iterable[Frame]) -> Room:
    from roadsight_service.processes.reins import hold  # noqa: PLC0415  (on Linux alone)
    from roadsight_service.processes.room import ProcessRoom  # noqa: PLC0415

    crew = begin_beside(settings)
    held = asyncio.ensure_future(_within(HELD_S, hold(crew.tell, lambda: not relay.has_time)))
    try:
        await asyncio.to_thread(crew.warm)
    except BaseException:
        await asyncio.to_thread(crew.close)
        raise
    finally:
        held.cancel()
    room = ProcessRoom(crew, settings, metrics)
    try:
        await room.start()
        for frame in tuple(frames):
            await room.rehearse(*frame)
    except BaseException:
        await room.close(0, beside=True)
        raise
    return room


async def _within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(work, seconds)
