"""What a model must stand before it serves, in the words of the body of `POST /v1/models/{task}/load`."""

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

CANARY_S = 300
NEEDS: list[JsonValue] = [  # what `Trial` refuses beyond its fields, as JSON Schema says it
    {
        "if": {"required": ["max_disagreement"], "properties": {"max_disagreement": {"exclusiveMaximum": 1}}},
        "then": {"required": ["shadow_frames"], "properties": {"shadow_frames": {"minimum": 1}}},
    },
    {
        "if": {"required": ["canary_seconds"], "properties": {"canary_seconds": {"type": "integer"}}},
        "then": {"required": ["canary"], "properties": {"canary": {"type": "number"}}},
    },
]


class Trial(BaseModel):
    """A comparison on live frames, then the frames of a share of the cameras; none of it unless it is asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    shadow_frames: int = Field(
        0, ge=0, le=10_000, description="Live frames that both models are asked about first, and as a canary each time."
    )
    max_disagreement: float = Field(
        1.0, ge=0, le=1, description="Share of their regions that may get another first label."
    )
    canary: float | None = Field(
        None, gt=0, lt=1, description="Share of the cameras whose frames it answers before it answers all."
    )
    canary_seconds: int | None = Field(
        None, ge=1, le=86_400, description=f"How long, unless it is promoted before; {CANARY_S} by default."
    )

    def __str__(self) -> str:
        """What is asked, as JSON."""
        return self.model_dump_json(exclude_defaults=True)

    @model_validator(mode="after")
    def _is_whole(self) -> "Trial":
        if self.max_disagreement < 1 and not self.shadow_frames:
            raise ValueError("max_disagreement needs shadow_frames")
        if self.canary_seconds is not None and self.canary is None:
            raise ValueError("canary_seconds needs canary")
        return self
