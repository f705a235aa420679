"""Where the models run: the one place that decides it.

settings --begin--> Crew (lanes are processes) | Registry (lanes are threads) --make_room--> Room
         BadParameter, BadBundle, ProviderMissing, PrecisionMissing, GoldenMismatch, LaneLost
settings --begin_beside--> Crew, while another one serves

On Linux lanes are processes; a GPU is held by one more. Elsewhere they are threads, since nobody tried there whether
ONNX Runtime survives a fork.
"""

# ruff: noqa: PLC0415  (a service whose lanes are processes loads neither ONNX Runtime nor OpenCV itself)

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from roadsight_models.gpu import asks_for_gpu
from roadsight_service.metrics import Metrics
from roadsight_service.room import Room
from roadsight_service.settings import Settings

if TYPE_CHECKING:
    from roadsight_service.processes.crew import Crew
    from roadsight_service.registry import Registry


def begin(settings: Settings) -> "Callable[[], Crew | Registry]":
    """Begins to open what the settings choose; what it gives waits for that.

    Another process opens the models of a crew, so there is time for something else.
    """
    if sys.platform == "linux":
        from roadsight_service.processes.crew import Crew

        return Crew(settings, on_gpu=asks_for_gpu(settings.provider)).warm
    from roadsight_service.registry import open_registry

    return partial(open_registry, settings)


def open_models(settings: Settings) -> "Crew | Registry":
    """Opens what the settings choose."""
    return begin(settings)()


def begin_beside(settings: Settings) -> "Crew":
    """Begins to open models while others serve, with what time these leave."""
    from roadsight_service.processes.crew import Crew

    return Crew(settings, patient=True)


def why_fixed(opened: "Crew | Registry") -> str | None:
    """Why these models can't be changed while they serve; None where they can."""
    from roadsight_service.processes.crew import Crew

    if isinstance(opened, Crew):
        fixed, on_gpu = None, opened.on_gpu
    else:
        fixed = "its lanes are threads: a model that is opened beside them would hold them up"
        on_gpu = any(session.provider != "cpu" for session in opened.sessions.values())
    if on_gpu:
        return "on a GPU nothing may be opened beside what serves: while a graph is captured nothing else may allocate"
    return fixed


def make_room(opened: "Crew | Registry", settings: Settings, metrics: Metrics) -> Room:
    """The machine room of what was opened."""
    if sys.platform == "linux":
        from roadsight_service.processes.crew import Crew
        from roadsight_service.processes.room import ProcessRoom

        if isinstance(opened, Crew):
            return ProcessRoom(opened, settings, metrics)
    from roadsight_service.thread_room import ThreadRoom

    return ThreadRoom(opened, settings, metrics)
