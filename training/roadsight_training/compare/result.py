"""What is known of a network that has competed; one JSON a network, so that a comparison can be taken up again.

compete --Result.save--> <name>/result.json --Result.load--> table, plots
"""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

NAME = "result.json"


class Result(BaseModel):
    """A network under the budget."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Of the recipe.")
    network: str
    parameters: int
    macs: int = Field(description="Multiplications with additions, for one picture.")
    budget_seconds: float
    trained_seconds: float = Field(description="What the training steps really took.")
    precision: str = Field(description="What it was trained in; it is measured in float32.")
    epochs: float = Field(description="Passes through the training pictures that the budget paid for.")
    steps: int
    split: str
    n: int = Field(description="Images of the split.")
    top1: float
    top1_wilson: tuple[float, float]
    top1_between_tracks: tuple[float, float]
    validation_top1: float
    training_top1: float = Field(description="On training pictures as validation sees them: not augmented.")

    def save(self, folder: Path) -> None:
        """Writes `result.json` into the network's folder."""
        (folder / NAME).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Reads it, if the network has competed."""
        path = folder / NAME
        return cls.model_validate_json(path.read_bytes()) if path.is_file() else None
