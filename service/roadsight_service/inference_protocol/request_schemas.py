"""The JSON of the protocol's requests; what `/docs` shows, and nobody imports before it is asked for.

Requests are read in `body` and `routes`, which say what is wrong in the words of the model that is meant.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from roadsight_service.inference_protocol.asked import MOST_CLASSES, MOST_TENSORS, MOST_US
from roadsight_service.room import DEFAULT_PRIORITY, PRIORITIES
from roadsight_service.schemas import Schema

Side = Annotated[int, Field(ge=1)]
One = Annotated[int, Field(ge=1, le=1)]  # what generates clients knows no constant numbers
Three = Annotated[int, Field(ge=3, le=3)]
Byte = Annotated[int, Field(ge=0, le=255)]
Row = Annotated[list[Byte], Field(min_length=1)]
File = Annotated[
    str, Field(description="Base64 of a JPEG, PNG or WebP.", json_schema_extra={"contentEncoding": "base64"})
]
Files = Annotated[list[File], Field(min_length=1)]


class ClosedIn(Schema):
    """What may hold nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NoParametersIn(ClosedIn):
    """None may be given."""


class FramesIn(ClosedIn):
    """Crops for a raw graph, row by row, RGB; perhaps in nested lists."""

    name: Literal["frames"]
    datatype: Literal["UINT8"]
    shape: tuple[Side, Side, Side, Three] = Field(description="Batch, height, width, 3: see the model's metadata.")
    data: Row | list[Row] | list[list[Row]] | list[list[list[Row]]]
    parameters: NoParametersIn = Field(default_factory=NoParametersIn)


class ImageIn(ClosedIn):
    """Pictures for a camera model."""

    name: Literal["image"]
    datatype: Literal["BYTES"]
    shape: tuple[Side] | tuple[Side, One]
    data: Files | list[Files]
    parameters: NoParametersIn = Field(default_factory=NoParametersIn)


class OutputParametersIn(ClosedIn):
    """How an output is wanted."""

    classification: int = Field(0, ge=0, le=MOST_CLASSES, description="The highest so many, by name; 0 for the tensor.")
    binary_data: bool = Field(False, description="Behind the JSON.")


class OutputIn(ClosedIn):
    """An output that is wanted."""

    name: Literal["logits", "embedding", "probabilities"]
    parameters: OutputParametersIn = Field(default_factory=OutputParametersIn)


class InferenceParametersIn(ClosedIn):
    """Of the request."""

    timeout: int = Field(
        0, ge=0, le=MOST_US, description="Microseconds from receipt; 0 for the service's own deadline."
    )
    priority: int = Field(
        0,
        ge=0,
        le=PRIORITIES,
        description=f"Among what waits of the same camera: 1 goes first, then 2 and {PRIORITIES}; "
        f"0 stands for {DEFAULT_PRIORITY}. Cameras take turns all the same.",
    )
    binary_data_output: bool = Field(False, description="All outputs behind the JSON that do not say otherwise.")


class InferenceIn(ClosedIn):
    """What is asked of a model."""

    id: str = Field("", description="Echoed.")
    model_name: str = Field("", description="The path counts.")
    model_version: str | None = Field(None, description="The path counts.")
    inputs: list[FramesIn | ImageIn] = Field(min_length=1, max_length=1)
    outputs: list[OutputIn] = Field(
        default_factory=list[OutputIn], max_length=MOST_TENSORS, description="All, if none."
    )
    parameters: InferenceParametersIn = Field(default_factory=InferenceParametersIn)


class RepositoryIndexIn(ClosedIn):
    """What is asked of `POST /v2/repository/index`; all of it may be left out."""

    ready: bool = Field(False, description="Only what serves.")


class RepositoryLoadIn(ClosedIn):
    """What is asked of a load; all of it may be left out."""

    parameters: NoParametersIn = Field(default_factory=NoParametersIn)


class UnloadParametersIn(ClosedIn):
    """Of an unload."""

    unload_dependents: bool = Field(False, description="Changes nothing: no model depends on another.")


class RepositoryUnloadIn(ClosedIn):
    """What is asked of an unload; all of it may be left out."""

    parameters: UnloadParametersIn = Field(default_factory=UnloadParametersIn)


REQUESTS = (InferenceIn, RepositoryIndexIn, RepositoryLoadIn, RepositoryUnloadIn)
