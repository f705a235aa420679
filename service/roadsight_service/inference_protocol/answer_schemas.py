"""The JSON of the protocol's answers; what `/docs` shows, and nobody imports before it is asked for."""

from typing import Literal

from pydantic import ConfigDict, Field

from roadsight_service.schemas import Schema


class ErrorOut(Schema):
    """What is told of whatever fails."""

    error: str


class LiveOut(Schema):
    """The answer to `GET /v2/health/live`."""

    live: bool


class ServerReadyOut(Schema):
    """The answer to `GET /v2/health/ready`."""

    ready: bool


class ServerOut(Schema):
    """The answer to `GET /v2`."""

    name: str
    version: str
    extensions: tuple[str, ...]


class ModelReadyOut(Schema):
    """Says that a model serves."""

    name: str
    ready: bool


class TensorSpecOut(Schema):
    """A tensor that goes in or comes out."""

    name: str
    datatype: str
    shape: tuple[int, ...] = Field(description="-1 for a side that requests choose, as the batch.")


class MetadataOut(Schema):
    """What goes into a model and comes out."""

    name: str
    versions: tuple[str, ...]
    platform: str
    inputs: tuple[TensorSpecOut, ...]
    outputs: tuple[TensorSpecOut, ...]


class DimensionsOut(Schema):
    """A tensor without its batch."""

    name: str
    data_type: str
    format: str = Field(default_factory=str, description="Of pixels alone.")
    dims: tuple[int, ...]


class InstanceGroupOut(Schema):
    """What infers side by side."""

    name: str
    kind: Literal["KIND_CPU", "KIND_GPU"]
    count: int


class DynamicBatchingOut(Schema):
    """What requests may choose; of one camera, since cameras take turns."""

    priority_levels: int = Field(description="1 is the highest.")
    default_priority_level: int


class ConfigurationOut(Schema):
    """How a model is run, in the form of Triton."""

    name: str
    platform: str
    backend: str
    max_batch_size: int
    input: tuple[DimensionsOut, ...]
    output: tuple[DimensionsOut, ...]
    instance_group: tuple[InstanceGroupOut, ...]
    dynamic_batching: DynamicBatchingOut


class DurationOut(Schema):
    """How often, and how long together."""

    count: int
    ns: int


class InferenceStatsOut(Schema):
    """Requests by outcome and stage."""

    success: DurationOut
    fail: DurationOut
    queue: DurationOut
    compute_input: DurationOut
    compute_infer: DurationOut
    compute_output: DurationOut
    cache_hit: DurationOut
    cache_miss: DurationOut


class ModelStatsOut(Schema):
    """What was asked of a model under `/v2` and over gRPC."""

    name: str
    version: str
    last_inference: int = Field(description="Milliseconds since the epoch.")
    inference_count: int = Field(description="Crops and pictures.")
    execution_count: int = Field(description="Requests.")
    inference_stats: InferenceStatsOut
    batch_stats: tuple[DurationOut, ...] = Field(description="Always empty.")


class StatisticsOut(Schema):
    """Of one model, or of all."""

    model_stats: tuple[ModelStatsOut, ...]


class IndexedOut(Schema):
    """A version of a model that could serve, or does."""

    name: str
    version: str
    state: Literal["READY", "UNAVAILABLE"]
    reason: str


class NothingOut(Schema):
    """All that is to be said of what is done."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BinaryOut(Schema):
    """Of a tensor behind the JSON."""

    binary_data_size: int


class TensorOut(Schema):
    """A tensor of an answer: with `data`, or behind the JSON."""

    name: str
    datatype: Literal["FP32", "BYTES"]
    shape: tuple[int, int]
    data: list[float] | list[str] = Field(
        default_factory=list[float], description="Numbers; of a classification `value:index:label`."
    )
    parameters: BinaryOut = Field(default_factory=lambda: BinaryOut(binary_data_size=0))


class InferenceOut(Schema):
    """The answer to an inference."""

    id: str = Field(default_factory=str, description="As sent.")
    model_name: str
    model_version: str
    outputs: tuple[TensorOut, ...]


ANSWERS = (
    ErrorOut, LiveOut, ServerReadyOut, ServerOut, ModelReadyOut, MetadataOut, ConfigurationOut, StatisticsOut,
    IndexedOut, NothingOut, InferenceOut,
)  # fmt: skip
