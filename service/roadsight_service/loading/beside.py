"""A machine room that is opened while another one serves.

settings --begin_beside--> Crew, warm --lanes--> Room
                           LaneLost, and what stops a start: nothing of it is left
"""

import asyncio

from roadsight_models.errors import LaneLost
from roadsight_service.metrics import Metrics
from roadsight_service.opening import begin_beside, make_room
from roadsight_service.room import Room
from roadsight_service.settings import Settings


async def open_beside(settings: Settings, metrics: Metrics) -> Room:
    """Opens what the settings choose, and gets its lanes.

    Raises:
        RoadsightError: what stops a start.
        LaneLost: a process died, took too long, or there is no room for it on this machine.
    """
    try:
        return await _opened(settings, metrics)
    except OSError as error:
        raise LaneLost(f"no process can be had for it: {error}") from error


async def _opened(settings: Settings, metrics: Metrics) -> Room:
    crew = begin_beside(settings)
    try:
        await asyncio.to_thread(crew.warm)
    except BaseException:
        await asyncio.to_thread(crew.close)
        raise
    room = make_room(crew, settings, metrics)
    try:
        await room.start()
    except BaseException:
        await room.close(0)
        raise
    return room
