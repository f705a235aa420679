"""The pictures that a run is made on, and what it is made on them.

Dataset, split --draw--> Drawn: crops and truth
               BadDataset
Session, Drawn --subject--> what identifies both, as JSON
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from roadsight_models.frame import Pixels
from roadsight_models.robustness.criterion import Criterion, Indices
from roadsight_models.session import Session
from roadsight_training.attacking.journal import CHUNK
from roadsight_training.datasets import Dataset
from roadsight_training.errors import BadDataset
from roadsight_training.judging.parts import samples_of
from roadsight_training.judging.stress import some
from roadsight_training.loading import crop_all


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


def draw(session: Session, dataset: Dataset, split: str, n: int, target: str | None = None) -> Drawn:
    """Takes n pictures of a split at most, as `stress` does; none of the target's class.

    Raises:
        BadDataset: no such split, nothing but the target's class, or pictures that can't be decoded.
    """
    manifest = session.manifest
    samples, unreadable = samples_of(manifest, dataset, split)
    index = None if target is None else manifest.labels.index(target)
    samples = tuple(sample for sample in samples if sample.index != index)
    if not samples:
        raise BadDataset(dataset.folder, f"all of {split!r} is {target}: nothing to be turned into it")
    pictures = some(dataset, samples, n, manifest.input, unreadable)
    truth = np.array([picture.index for picture in pictures], np.int64)
    return Drawn(crop_all(pictures, manifest.input), truth, index)


def subject(session: Session, drawn: Drawn, others: Sequence[str] = ()) -> dict[str, object]:
    """The part of a run's header that tells what it is about; `others` are files of the bundle that it needs, too."""
    manifest = session.manifest
    graphs = (session.graph.file, *others)
    return {
        "bundle": f"{manifest.name} {manifest.version}",
        # Not the manifest's digest, which is another one once it tells of this run.
        "graphs": {name: manifest.files[name] for name in graphs if name in manifest.files},
        "provider": session.provider,
        "pictures": hashlib.sha256(drawn.frames.tobytes() + drawn.truth.tobytes()).hexdigest(),
        "chunk": CHUNK,
    }
