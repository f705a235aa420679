"""The JSON of the answers; what `/docs` shows."""

from pydantic import BaseModel, ConfigDict, Field

from roadsight_models.judgement import Status
from roadsight_models.manifest import Metric, Robustness

Pixel = int | float  # a client that sends whole pixels gets whole pixels back


class Schema(BaseModel):
    """The base of them all."""

    model_config = ConfigDict(frozen=True)


class PredictionOut(Schema):
    """A class and its calibrated probability."""

    label: str
    index: int
    probability: float


class FusedOut(Schema):
    """What the frames of a track say together."""

    frames: int = Field(description="How many were fused, this one included.")
    status: Status
    predictions: tuple[PredictionOut, ...]


class ResultOut(Schema):
    """What one model says of one region."""

    task: str
    version: str
    status: Status = Field(description="`uncertain`: under the published threshold; `unknown`: not judged, see reason.")
    reason: str | None
    predictions: tuple[PredictionOut, ...]
    suspicion: float | None = Field(
        description="How far the answer hangs on detail that no sign needs, 0 to 2; a hint at an attack, and no "
        "defence. Null if it was not asked for, or nothing was judged."
    )
    fused: FusedOut | None = Field(
        description="This frame and those before it of the region's track. Null if it has none, its camera was not "
        "named, or nothing was judged."
    )


class RegionOut(Schema):
    """A region as it was judged: clipped at the picture."""

    box: tuple[Pixel, Pixel, Pixel, Pixel]
    track: str | None = None
    results: tuple[ResultOut, ...]


class FrameOut(Schema):
    """The frame, and what the client said of it, as sent."""

    id: str | None
    camera: str | None
    captured_at: str | None
    age_ms: float | None = Field(
        description="From capture to this answer, by the service's clock; under 0 if the camera's is ahead. "
        "Null if it was not said when the frame was captured."
    )
    width: int
    height: int


class TimingsOut(Schema):
    """Milliseconds per stage; every key is always there."""

    receive: float
    decode: float
    preprocess: float
    queue: float
    inference: float
    postprocess: float
    total: float


class AnswerOut(Schema):
    """The answer to `POST /v1/classify`."""

    frame: FrameOut
    regions: tuple[RegionOut, ...]
    timings_ms: TimingsOut


class ProblemOut(Schema):
    """RFC 9457 problem details with a stable `code`; some add `index`, `tasks`, or a `trace_id`."""

    type: str
    title: str
    status: int
    code: str
    detail: str


class ModelOut(Schema):
    """A model that serves."""

    name: str
    task: str
    version: str
    architecture: str
    labels: tuple[str, ...]
    precision: str
    provider: str
    fallback: str | None = Field(description="Why `auto` runs on the CPU; null where it does not.")
    without_graphs: str | None = Field(
        description="Why a GPU runs it without CUDA graphs; null where it has them, or on a CPU."
    )
    licence: str
    digest: str
    metrics: tuple[Metric, ...]
    robustness: tuple[Robustness, ...]


class ModelsOut(Schema):
    """The answer to `GET /v1/models`."""

    models: tuple[ModelOut, ...]


class ReadyModelOut(Schema):
    """A warm model and where it runs."""

    name: str
    task: str
    version: str
    provider: str
    fallback: str | None
    without_graphs: str | None


class ReadyOut(Schema):
    """The answer to `GET /readyz`."""

    status: str
    models: tuple[ReadyModelOut, ...]


class AliveOut(Schema):
    """The answer to `GET /livez`."""

    status: str
