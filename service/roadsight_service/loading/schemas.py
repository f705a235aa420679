"""The JSON of a load, asked and answered; what `/docs` shows."""

from pydantic import ConfigDict, Field

from roadsight_service.loading.trial import NEEDS, Trial
from roadsight_service.schemas import Schema


class LoadIn(Trial):
    """What is asked of `POST /v1/models/{task}/load`; all of it may be left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": NEEDS,
            "examples": [{"bundle": "my-signs@1.1.0", "shadow_frames": 500, "max_disagreement": 0.02, "canary": 0.1}],
        },
    )

    bundle: str | None = Field(
        None,
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*(@(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){2})?$",
        max_length=96,
        description="`name@version`, or `name` for its newest version; by default the newest of what serves.",
    )


class ComparedOut(Schema):
    """How two models answered the same live frames."""

    frames: int
    failed: int = Field(description="Of them, by our fault: the new model's, or a lane's.")
    regions: int
    differing: int
    disagreement: float


class LoadedOut(Schema):
    """What answers frames of a task now, and what did before."""

    task: str
    name: str
    version: str
    precision: str
    provider: str
    digest: str
    share: float = Field(description="Of the cameras: 1, or as a canary fewer.")
    before: str = Field(description="`name@version`; the same where nothing had to be done.")
    compared: ComparedOut | None
