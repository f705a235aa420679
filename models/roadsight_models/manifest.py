"""The contract between training and service: what `manifest.json` in a bundle says.

    training --Manifest--> manifest.json --Manifest--> service, evaluation, attacks

Everything is frozen, and an unknown key or `schema_version` is refused: what is not understood is not served.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from roadsight_models.figures import FileName, Fraction, Frozen, Metric, Parity, Precision, PrecisionName, Robustness

__all__ = [
    "CropRule",
    "FileName",
    "Fraction",
    "Frozen",
    "Manifest",
    "Metric",
    "Parity",
    "Precision",
    "PrecisionName",
    "Provenance",
    "Robustness",
    "Sha256",
    "Slug",
    "TaskName",
    "Version",
    "digest_of",
]

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
TaskName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=64)]
Version = Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class CropRule(Frozen):
    """How a tight box becomes the network's input; `preprocess` applies it, for everybody, exactly."""

    width: int = Field(ge=8, le=1024, description="Input width in pixels.")
    height: int = Field(ge=8, le=1024, description="Input height in pixels.")
    context: float = Field(
        ge=0, le=1, description="Fraction of the box's sides added on each side, clipped at the picture."
    )
    resize: Literal["area_or_linear"] = Field(description="Area average where both sides shrink, else bilinear.")
    min_side: int = Field(ge=1, le=1024, description="A box with a shorter side under this many pixels is not judged.")


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
