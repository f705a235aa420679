"""What was measured of a model, as its manifest publishes it: metrics, parity, precisions, robustness.

evaluation, export, publish, attacks --Metric, Parity, Precision, Robustness--> Manifest
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.]*$", max_length=64)]
Fraction = Annotated[float, Field(ge=0, le=1)]
PrecisionName = Literal["float32", "float16", "int8"]


class Frozen(BaseModel):
    """A part of the manifest: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Metric(Frozen):
    """A published figure: what was measured, on what, and how sure it is (95 %)."""

    name: str
    split: str
    value: float
    interval: tuple[float, float] | None = Field(
        description="95 %: Wilson's for a proportion, else bootstrapped over tracks; null where none was computed."
    )
    n: int = Field(ge=1, description="Distinct images behind the figure.")


class Parity(Frozen):
    """The largest difference in probability between the training framework and ONNX Runtime, on real images."""

    max_difference: float = Field(ge=0)
    n: int = Field(ge=1)


class Precision(Frozen):
    """A graph beside `classifier.onnx`: the same network in another number format, and what that costs and brings."""

    name: Literal["float16", "int8"]
    file: FileName
    size: int = Field(ge=1, description="Bytes of the file; `classifier.onnx` is the float32 one.")
    top1: Fraction = Field(description="On the split and the images of the metric top1.")
    latency_ratio: float | None = Field(
        gt=0,
        description="Time for one picture on one CPU thread as a share of what float32 takes beside it; null where no "
        "CPU runs it.",
    )
    golden_tolerance: float = Field(
        gt=0, lt=1, description="Largest difference in probability from the float32 golden answers that is accepted."
    )


class Robustness(Frozen):
    """How many pictures withstood an attack: an upper bound, since a better attack may break more (95 %)."""

    attack: str = Field(description="Its name; `standard` is several in turn.")
    options: str = Field("", description="Of the command, where it was not by default: `--steps 100`.")
    parameters: str = Field(description="Steps, restarts and whatever else it takes, of each attack.")
    norm: Literal["linf", "l2", "l0"] | None = Field(description="Null where the attack has no ball.")
    epsilon: float | None = Field(ge=0, description="Of pixels in [0, 1]; null where the attack has no ball.")
    target: str | None = Field(description="The label that pictures were to get; null: any but their own.")
    jpeg: int | None = Field(ge=1, le=100, description="Quality of the JPEG that pictures passed through on their way.")
    precision: PrecisionName = Field(description="Of the graph that was attacked.")
    split: str
    n: int = Field(ge=1, description="Pictures drawn from the split, rightly named ones and others.")
    seed: int = Field(ge=0, description="Of the attack's draws.")
    clean_top1: Fraction = Field(description="Of these pictures, before anything was done.")
    robust_top1: Fraction = Field(description="Named rightly before, and not broken.")
    interval: tuple[float, float] = Field(description="95 % of robust_top1: Wilson's.")
    steps: float = Field(ge=0, description="Gradients a picture, on average.")
    queries: float = Field(ge=0, description="Questions to the served graph a picture, on average.")

    @property
    def question(self) -> tuple[object, ...]:
        """What was measured: of two entries with the same question the newer one counts."""
        how = self.attack, self.options, self.norm, self.epsilon, self.target, self.jpeg
        return *how, self.precision, self.split
