"""What the lifespan owns and the routes use."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi.requests import HTTPConnection

from roadsight_models.errors import NotReady
from roadsight_service.access import Access
from roadsight_service.loading.loader import Loader
from roadsight_service.metrics import Metrics
from roadsight_service.pipeline import Pipeline
from roadsight_service.room import Room
from roadsight_service.routes.intake import Intake
from roadsight_service.settings import Settings

if TYPE_CHECKING:  # they come with attacks and ONNX Runtime, which only a service that has them loads
    from roadsight_service.robustness.checks import Checks


@dataclass(frozen=True)
class State:
    """Everything that lives as long as the application runs."""

    settings: Settings
    room: Room
    metrics: Metrics
    access: Access
    intake: Intake
    pipeline: Pipeline
    loader: Loader
    checks: "Checks | None"  # where the settings want them


def state_of(request: HTTPConnection) -> State:
    """The state of the application that answers.

    Raises:
        NotReady: its lifespan has not begun, or has ended.
    """
    state: State | None = getattr(request.app.state, "roadsight", None)
    if state is None:
        raise NotReady("the models are not warm")
    return state
