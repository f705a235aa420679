"""What the lifespan owns and the routes use."""

from dataclasses import dataclass

from starlette.types import Scope

from roadsight_models.errors import NotReady
from roadsight_service.access import Access
from roadsight_service.inference_protocol.open_inference import OpenInference
from roadsight_service.loading.loader import Loader
from roadsight_service.metrics import Metrics
from roadsight_service.pipeline import Pipeline
from roadsight_service.robustness.checks import Checks
from roadsight_service.room import Room
from roadsight_service.routes.intake import Intake
from roadsight_service.settings import Settings
from roadsight_service.tracks import Tracks


@dataclass(frozen=True)
class State:
    """Everything that lives as long as the application runs."""

    settings: Settings
    room: Room
    metrics: Metrics
    access: Access
    intake: Intake
    pipeline: Pipeline
    tracks: Tracks
    loader: Loader
    protocol: OpenInference
    checks: Checks | None  # where the settings want them


def state_of(scope: Scope) -> State:
    """The state of the application that answers.

    Raises:
        NotReady: its lifespan has not begun, or has ended.
    """
    state: State | None = getattr(scope["app"].state, "roadsight", None)
    if state is None:
        raise NotReady("the models are not warm")
    return state
