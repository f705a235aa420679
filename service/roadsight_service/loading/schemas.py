"""The JSON of a load, asked and answered; what `/docs` shows."""

from pydantic import ConfigDict, Field, model_validator

from roadsight_service.schemas import Schema


class LoadIn(Schema):
    """What is asked of `POST /v1/models/{task}/load`; all of it may be left out."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "dependentSchemas": {
                "max_disagreement": {"required": ["shadow_frames"], "properties": {"shadow_frames": {"minimum": 1}}}
            },
            "examples": [{"bundle": "my-signs@1.1.0", "shadow_frames": 500, "max_disagreement": 0.02}],
        },
    )

    bundle: str | None = Field(
        None,
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*(@(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){2})?$",
        max_length=96,
        description="`name@version`, or `name` for its newest version; by default the newest of what serves.",
    )
    shadow_frames: int = Field(0, ge=0, le=10_000, description="Live frames that both models are asked about first.")
    max_disagreement: float = Field(
        1.0, ge=0, le=1, description="Share of their regions that may get another first label."
    )

    @model_validator(mode="after")
    def _compares(self) -> "LoadIn":
        if "max_disagreement" in self.model_fields_set and not self.shadow_frames:
            raise ValueError("max_disagreement needs shadow_frames")
        return self


class ComparedOut(Schema):
    """How two models answered the same live frames."""

    frames: int
    regions: int
    differing: int
    disagreement: float


class LoadedOut(Schema):
    """What serves a task now, and what did before."""

    task: str
    name: str
    version: str
    precision: str
    provider: str
    digest: str
    before: str = Field(description="`name@version`; the same where nothing had to be done.")
    compared: ComparedOut | None
