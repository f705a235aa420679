"""Lanes that were just born look at a frame before live ones come to them.

frame, Port(s) --one lane after the other--> each has its pages, and its first frame behind it

The first frame of a lane costs it more than the others: what was shared until then is copied page by page.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from roadsight_service.metrics import Clock
from roadsight_service.processes.kinds import FrameOrder
from roadsight_service.processes.order import Work
from roadsight_service.processes.port import Port
from roadsight_service.room import Ask

ANSWER_S = 10.0


async def rehearse(ports: Sequence[Port], body: bytes, ask: Ask, tasks: tuple[str, ...]) -> None:
    """Gives each lane the frame; whatever they say of it, nobody is told."""
    for port in tuple(ports):
        if port in ports:  # else it was lost meanwhile
            order = FrameOrder(body, ask._replace(deadline=monotonic() + ANSWER_S), tasks, Clock())
            port.give([Work(order, 0, order.regions)])
            with suppress(Exception):  # what fails now will do so before those who watch it
                await asyncio.wait_for(order.future, ANSWER_S)
