"""How good a bundle is on a split: figures with their uncertainty.

    Dataset --select--> Samples --crops--> uint8 --Session--> logits --measure--> Report --figures--> JSON, table
            BadDataset          BadDataset

Everything goes through the decode, crop and session that the service uses. Macro figures are over the classes present.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import f1_score, recall_score  # type: ignore[import-untyped]
from torchmetrics.functional.classification import multiclass_calibration_error

from roadsight_models.frame import Pixels
from roadsight_models.manifest import Manifest
from roadsight_models.probabilities import softmax
from roadsight_models.session import Session
from roadsight_training.datasets import Dataset, Kind, Sample
from roadsight_training.datasets.pictures import crops
from roadsight_training.intervals import Interval, Proportion, between_tracks

BATCH = 64
BINS = 15

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Report:
    """What was measured on one choice of samples."""

    n: int
    top1: Proportion
    macro_f1: float
    mean_recall: float
    ece: float  # expected calibration error, 15 bins (Guo et al. 2017), of the calibrated probabilities
    confident: Proportion  # right among the answers that are not `uncertain`
    between_tracks: dict[str, Interval]  # 95 % of top1, macro_f1 and mean_recall, if other tracks had been driven past
    per_class: dict[str, Proportion]  # recall, of the classes present
    per_kind: dict[str, Proportion]  # top-1, by how the image is stored

    @property
    def covered(self) -> Proportion:
        """How many answers are not `uncertain`."""
        return Proportion(self.confident.n, self.n)

    def figures(self) -> dict[str, object]:
        """The report as plain JSON values; `top1`, `macro_f1`, `mean_recall` and `n` are stable names."""
        return {
            "top1": self.top1.value,
            "macro_f1": self.macro_f1,
            "mean_recall": self.mean_recall,
            "n": self.n,
            "top1_interval": list(self.top1.interval),
            "ece": self.ece,
            "between_tracks": {name: list(interval) for name, interval in self.between_tracks.items()},
            "coverage": self.covered.value,
            "selective_accuracy": self.confident.value,
            "selective_accuracy_interval": list(self.confident.interval),
            "per_class": {label: _plain(recall, "recall") for label, recall in self.per_class.items()},
            "per_kind": {kind: _plain(top1, "top1") for kind, top1 in self.per_kind.items()},
        }


def _plain(proportion: Proportion, name: str) -> dict[str, object]:
    return {name: proportion.value, "interval": list(proportion.interval), "n": proportion.n}


def evaluate(session: Session, manifest: Manifest, dataset: Dataset, split: str, kind: Kind = "auto") -> Report:
    """Measures a session on a split of a data set that was opened with the manifest's labels.

    Args:
        session: gives the logits.
        manifest: gives crop rule, temperature and threshold; the session's own, but for export, which calibrates it.
        dataset: opened with `manifest.labels`.
        split: any of the data set's.
        kind: see `Dataset.select`.

    Raises:
        BadDataset: no row left, or a picture that can't be decoded.
    """
    samples = dataset.select(split, kind)
    return measure(infer(session, crops(dataset, samples, manifest.input)), samples, manifest)


def infer(session: Session, frames: Pixels) -> Logits:
    """Runs frames through the session in batches: float32 [N, K]."""
    parts = [session.run(frames[start : start + BATCH]).logits for start in range(0, len(frames), BATCH)]
    return np.concatenate(parts)


def measure(logits: Logits, samples: Sequence[Sample], manifest: Manifest) -> Report:
    """Turns logits float32 [N, K] of N samples into figures, by the manifest's labels, temperature and threshold."""
    truth = np.array([sample.index for sample in samples], np.int64)
    kinds = np.array([sample.kind for sample in samples])
    probabilities = softmax(logits, manifest.temperature)
    guess = probabilities.argmax(axis=1)
    right = guess == truth
    sure = probabilities.max(axis=1) >= manifest.uncertain_below
    present = np.unique(truth)
    ece = multiclass_calibration_error(
        torch.from_numpy(probabilities), torch.from_numpy(truth), len(manifest.labels), n_bins=BINS, norm="l1"
    )
    return Report(
        n=len(samples),
        top1=_proportion(right),
        macro_f1=float(f1_score(truth, guess, labels=present, average="macro", zero_division=0)),
        mean_recall=float(recall_score(truth, guess, labels=present, average="macro", zero_division=0)),
        ece=float(ece),
        confident=_proportion(right[sure]),
        between_tracks=between_tracks(truth, guess, [sample.group for sample in samples]),
        per_class={manifest.labels[index]: _proportion(right[truth == index]) for index in present},
        per_kind={str(kind): _proportion(right[kinds == kind]) for kind in np.unique(kinds)},
    )


def _proportion(right: npt.NDArray[np.bool_]) -> Proportion:
    return Proportion(int(right.sum()), len(right))
