"""The service on many machines, as a Ray Serve application: `serve run roadsight_service.scale:app`; docs/scale.md.

environment, Scale --app--> deployment --Ray--> Replicas, each a whole service
                   ValidationError, BadParameter
clients --Ray's proxies--> Router --> a replica --> answers and problems as of one service

Ray decides how many replicas there are and where; everything of a frame (queue, deadline, batches) stays within one.
"""

from pydantic import BaseModel, ConfigDict, Field, field_validator
from ray import serve
from ray.serve import Application

from roadsight_models.errors import BadParameter
from roadsight_service.scale.replica import Replica
from roadsight_service.scale.router import Router
from roadsight_service.settings import Settings

NAME = "Roadsight"


class Scale(BaseModel):
    """What Ray is asked for: on the command line `name=value`, in a Serve configuration `args`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_replicas: int = Field(1, ge=1, le=1000, description="Replicas that are always there.")
    max_replicas: int = Field(4, ge=1, le=1000, description="Replicas that there may be.")
    gpus: float = Field(0, ge=0, le=16, description="GPUs of a replica; a fraction shares one.")
    frames_a_lane: float = Field(
        2, gt=0, le=1000, description="Frames at work or waiting, a lane, that are fine; beyond, replicas are added."
    )

    @field_validator("gpus")
    @classmethod
    def _is_had_from_ray(cls, gpus: float) -> float:
        if gpus > 1 and not gpus.is_integer():
            raise ValueError("above 1 a whole number: Ray shares one GPU, never several")
        return gpus


def app(scale: Scale) -> Application:
    """Builds the application that Ray deploys. The service's settings come from the environment of this process.

    Raises:
        ValidationError: a setting, or a value of `scale`, can't be read or is out of bounds.
        BadParameter: there is to be a port for gRPC, which replicas on one machine would fight for.
    """
    settings = Settings()
    if settings.grpc_port is not None:
        raise BadParameter("ROADSIGHT_GRPC_PORT", "Ray's proxies bring HTTP only; unset it")
    settings = settings.model_copy(update={"bundles": settings.bundles.resolve()})  # replicas start in another folder
    takes = settings.queue_frames + settings.lanes
    deploy = serve.deployment(
        name=NAME,
        ray_actor_options={"num_cpus": settings.cores, "num_gpus": scale.gpus},
        # Twice what a replica takes: frames wait in its queue, where their deadline counts, and it says 429 itself.
        max_ongoing_requests=2 * takes,
        max_queued_requests=takes,  # in a proxy, while there is no replica
        backpressure_config={"status_code": 429, "retry_after_s": 1},
        request_router_config={"request_router_class": Router},
        autoscaling_config={
            "min_replicas": scale.min_replicas,
            "max_replicas": scale.max_replicas,
            "target_ongoing_requests": scale.frames_a_lane * settings.lanes,
        },
        graceful_shutdown_wait_loop_s=0.5,
        graceful_shutdown_timeout_s=3 * settings.drain_seconds + 5,  # requests, checks and lanes each get that long
        logging_config={"enable_access_log": False},
    )
    return deploy(serve.ingress()(Replica)).bind(settings)
