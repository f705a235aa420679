"""A canary goes back to what could serve in its place, and to nothing else; rooms of a few lines."""

import asyncio
from dataclasses import dataclass
from typing import Any

from roadsight_service.loading.metrics import LoadMetrics
from roadsight_service.loading.relay import Relay
from roadsight_service.loading.trial import Trial
from roadsight_service.loading.watch import Watch
from roadsight_service.metrics import Clock, Metrics
from roadsight_service.settings import Settings
from service.loading.test_relay import ASK, Alike


@dataclass
class Lasting(Alike):
    """A room that may be without lanes, and ends."""

    is_ready: bool = True
    is_closed: bool = False

    async def close(self, within_s: float, beside: bool = False) -> None:
        self.is_closed = beside


async def frame(relay: Relay) -> None:
    """Has a frame answered, and lets what waits for it go on."""
    await relay.look(b"", ASK, ("colour",), Clock())
    await asyncio.sleep(0)


async def test_one_that_differs_goes_back_once_there_are_lanes_to_go_back_to() -> None:
    rooms: Any = Lasting("1.0.0", is_ready=False), Lasting("2.0.0")
    before, after = rooms
    relay, metrics = Relay(before), Metrics()
    watch = Watch(relay, "colour", Settings(), metrics, LoadMetrics(metrics.registry))
    watch.begin(after, Trial(shadow_frames=1, max_disagreement=0.5, canary=0.01))
    async with asyncio.timeout(10):
        while len(after.asked) < 3:  # each is a comparison, and all differ
            await frame(relay)
        assert (relay.room, relay.beside, watch.is_canary) == (before, after, True)
        before.is_ready = True
        while relay.beside is not None:
            await frame(relay)
        while not watch.is_done:
            await asyncio.sleep(0)
    assert (relay.room, before.is_closed, after.is_closed) == (before, False, True)
    ended = {"task": "colour", "outcome": "rolled_back"}
    assert metrics.registry.get_sample_value("roadsight_model_loads_total", ended) == 1
    await watch.close()
