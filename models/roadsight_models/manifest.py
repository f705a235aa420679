"""The contract between training and service: what `manifest.json` in a bundle says.

    training --Manifest--> manifest.json --Manifest--> service, evaluation, attacks

Everything is frozen, and an unknown key or `schema_version` is refused: what is not understood is not served.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
TaskName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=64)]
Version = Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.]*$", max_length=64)]
Fraction = Annotated[float, Field(ge=0, le=1)]
PrecisionName = Literal["float32", "float16", "int8"]


class Frozen(BaseModel):
    """A part of the manifest: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class CropRule(Frozen):
    """How a tight box becomes the network's input; `preprocess` applies it, for everybody, exactly."""

    width: int = Field(ge=8, le=1024, description="Input width in pixels.")
    height: int = Field(ge=8, le=1024, description="Input height in pixels.")
    context: float = Field(
        ge=0, le=1, description="Fraction of the box's sides added on each side, clipped at the picture."
    )
    resize: Literal["area_or_linear"] = Field(description="Area average where both sides shrink, else bilinear.")
    min_side: int = Field(ge=1, le=1024, description="A box with a shorter side under this many pixels is not judged.")


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


class Provenance(Frozen):
    """Where the weights come from."""

    data: str = Field(description="Data sets and splits trained on, with what they ask to be cited.")
    weights: str = Field(description="What training started from.")
    code: str = Field(description="Roadsight version, and the commit where there is one.")
    recipe: str = Field(description="The recipe, as YAML: what to run to get the model again.")


class Manifest(Frozen):
    """`manifest.json`. `labels[i]` names logit column i; `digest` is the SHA-256 over all the other fields."""

    schema_version: Literal[1, 2, 3] = Field(3, description="1 knew no `precisions`, 2 no `robustness`.")
    name: Slug
    version: Version
    task: TaskName
    architecture: str
    labels: tuple[str, ...] = Field(min_length=2)
    input: CropRule
    opset: int
    temperature: float = Field(gt=0, description="Logits are divided by it before the softmax.")
    uncertain_below: Fraction = Field(description="A top probability under this is answered as `uncertain`.")
    golden_tolerance: float = Field(
        gt=0, lt=1, description="Largest difference in probability that the self-test accepts."
    )
    parity: Parity
    metrics: tuple[Metric, ...]
    precisions: tuple[Precision, ...] = ()
    robustness: tuple[Robustness, ...] = ()
    licence: str = Field(description="Terms of the weights; the training data may bind them.")
    provenance: Provenance
    files: dict[FileName, Sha256]
    digest: Sha256 | Literal[""] = ""

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels must differ")
        return self

    @model_validator(mode="after")
    def _precisions_differ(self) -> Self:
        names = [one.name for one in self.precisions]
        if len(set(names)) != len(names):
            raise ValueError("precisions must differ")
        return self

    def withstanding(self, measured: Iterable[Robustness]) -> Self:
        """Returns a copy that says so, too; it is of this `schema_version`, and not sealed."""
        entries = {one.question: one for one in (*self.robustness, *measured)}
        return self.model_copy(update={"robustness": tuple(entries.values()), "schema_version": 3, "digest": ""})

    def sealed(self) -> Self:
        """Returns a copy whose `digest` vouches for every other field."""
        return self.model_copy(update={"digest": self.expected_digest()})

    def expected_digest(self) -> str:
        """Returns the SHA-256 (hex) over the canonical JSON of all fields but `digest`."""
        return digest_of(self.model_dump(mode="json"))

    @property
    def version_key(self) -> tuple[int, ...]:
        """The version as numbers, for ordering: 1.10.0 comes after 1.9.0."""
        return tuple(int(part) for part in self.version.split("."))


def digest_of(written: Mapping[str, Any]) -> str:
    """Returns the SHA-256 (hex) over the canonical JSON of all fields but `digest`, as they were written.

    A field that came with a later `schema_version` is not among them, so an older manifest keeps its digest.
    """
    fields = {name: value for name, value in written.items() if name != "digest"}
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
