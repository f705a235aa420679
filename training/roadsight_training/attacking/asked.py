"""What is asked of an attack, and the pictures it is tried on.

Asked, Dataset --draw--> Drawn: crops and truth
               BadDataset
Asked, Session, Drawn --header--> all that the results depend on, as JSON
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from roadsight_models.bundle import GRADIENT
from roadsight_models.frame import Pixels
from roadsight_models.manifest import PrecisionName
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.criterion import Criterion, Indices
from roadsight_models.robustness.threat import Norm, ThreatModel
from roadsight_models.session import Session
from roadsight_training.attacking.parameters import parameters
from roadsight_training.datasets import Dataset
from roadsight_training.errors import BadDataset
from roadsight_training.judging.parts import samples_of
from roadsight_training.judging.stress import some
from roadsight_training.loading import crop_all

CHUNK = 20  # pictures: as much is lost where a run is interrupted


@dataclass(frozen=True)
class Asked:
    """What the user says; the bundle and the pictures come to it.

    Raises:
        BadParameter: an epsilon is out of bounds.
    """

    attack: str  # of the table
    norm: Norm | None  # None: the attack has no ball
    epsilons: tuple[float, ...]  # ascending; one, without meaning, where there is no ball
    n: int  # pictures, at most
    split: str
    precision: PrecisionName
    seed: int  # of the attack
    jpeg: int | None  # quality of the file that pictures pass through on their way
    target: str | None  # label that pictures are to be taken for
    steps: int | None = None  # of the attacks; their own number if None
    restarts: int | None = None  # likewise
    own: int | None = None  # pictures of the attacker, for the one that needs some; its usual number if None

    def __post_init__(self) -> None:
        _ = self.threats  # an epsilon out of bounds is refused at once

    @property
    def threats(self) -> tuple[ThreatModel, ...]:
        """One an epsilon."""
        return tuple(ThreatModel(self.norm or "linf", epsilon) for epsilon in self.epsilons)


@dataclass(frozen=True, eq=False)
class Drawn:
    """The pictures: always the same of a split."""

    frames: Pixels  # uint8 [N, h, w, 3]
    truth: Indices  # int64 [N]
    target: int | None

    def criterion(self, rows: slice) -> Criterion:
        """What is wanted of some of them."""
        labels = self.truth[rows]
        return Criterion(labels, None if self.target is None else np.full_like(labels, self.target))


def draw(asked: Asked, session: Session, dataset: Dataset) -> Drawn:
    """Takes n pictures of the split as `stress` does; none of the target's class.

    Raises:
        BadDataset: no such split, nothing but the target's class, or pictures that can't be decoded.
    """
    manifest = session.manifest
    samples, unreadable = samples_of(manifest, dataset, asked.split)
    target = None if asked.target is None else manifest.labels.index(asked.target)
    samples = tuple(sample for sample in samples if sample.index != target)
    if not samples:
        raise BadDataset(dataset.folder, f"all of {asked.split!r} is {asked.target}: nothing to be turned into it")
    pictures = some(dataset, samples, asked.n, manifest.input, unreadable)
    truth = np.array([picture.index for picture in pictures], np.int64)
    return Drawn(crop_all(pictures, manifest.input), truth, target)


def header(asked: Asked, attacks: Sequence[Attack], session: Session, drawn: Drawn) -> dict[str, object]:
    """States a run: with the same header the results are the same."""
    manifest = session.manifest
    graphs = {name: manifest.files[name] for name in (session.graph.file, GRADIENT) if name in manifest.files}
    pictures = hashlib.sha256(drawn.frames.tobytes() + drawn.truth.tobytes()).hexdigest()
    return {
        "bundle": f"{manifest.name} {manifest.version}",
        "graphs": graphs,  # and not the manifest's digest, which is another one once it tells of this run
        **asdict(replace(asked, n=len(drawn.truth))),
        "attacks": [
            {"name": one.name, "access": one.access, "source": one.source, "parameters": parameters(one)}
            for one in attacks
        ],
        "provider": session.provider,
        "pictures": pictures,
        "chunk": CHUNK,
    }
