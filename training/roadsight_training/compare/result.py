"""What is known of a network that has competed; one JSON a network, so that a comparison can be taken up again.

compete --Result.save--> <name>/result.json --Result.load--> Timed --save_all--> compare.json --load_all--> table, plots
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

NAME = "result.json"
ALL = "compare.json"


class Result(BaseModel):
    """A network under the budget."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Of the recipe.")
    network: str
    parameters: int
    macs: int = Field(description="Multiplications with additions, for one picture.")
    budget_seconds: float
    threads: int = Field(description="That it was trained on.")
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


class Timed(Result):
    """A network under the budget, and what it costs to ask it."""

    milliseconds: float = Field(description="For one picture: ONNX Runtime, one thread, beside the others.")


TIMED = TypeAdapter(tuple[Timed, ...])


def save_all(results: Sequence[Timed], folder: Path) -> None:
    """Writes `compare.json`, best network first."""
    ordered = sorted(results, key=lambda result: -result.top1)
    (folder / ALL).write_bytes(TIMED.dump_json(tuple(ordered), indent=2) + b"\n")


def load_all(folder: Path) -> tuple[Timed, ...]:
    """Reads it."""
    return TIMED.validate_json((folder / ALL).read_bytes())
