"""How good a network is on a split.

    Dataset --select--> Samples --crops--> uint8 --Session--> logits --measure--> Report
            BadDataset          BadDataset                           BadAnswers

Everything goes through the decode, crop and session that the service uses. Macro figures are over the classes that
have at least `min_support` images; by default over the classes present.
"""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import top_k_accuracy_score  # type: ignore[import-untyped]

from roadsight_models.frame import Pixels
from roadsight_models.manifest import Manifest
from roadsight_models.session import Session
from roadsight_training.datasets import Dataset, Kind, Sample
from roadsight_training.datasets.pictures import crops
from roadsight_training.judging.answers import Answers, Logits, Reading
from roadsight_training.judging.calibration import calibration
from roadsight_training.judging.curves import curves
from roadsight_training.judging.figures import Report
from roadsight_training.judging.groups import by_kind, by_size, by_source
from roadsight_training.judging.intervals import Proportion, between_tracks
from roadsight_training.judging.mistakes import mistakes
from roadsight_training.judging.per_class import averages, confusion, counting, of_classes

BATCH = 64
TOP = (3, 5)


def evaluate(
    session: Session, manifest: Manifest, dataset: Dataset, split: str, kind: Kind = "auto", min_support: int = 1
) -> Report:
    """Measures a session on a split of a data set that was opened with the manifest's labels.

    Args:
        session: gives the logits.
        manifest: gives crop rule, temperature and threshold; the session's own, but for export, which calibrates it.
        dataset: opened with `manifest.labels`.
        split: any of the data set's.
        kind: see `Dataset.select`.
        min_support: see `measure`.

    Raises:
        BadDataset: no row left, or a picture that can't be decoded.
        BadAnswers: see `measure`.
    """
    samples = dataset.select(split, kind)
    return measure(infer(session, crops(dataset, samples, manifest.input)), samples, manifest, min_support)


def infer(session: Session, frames: Pixels) -> Logits:
    """Runs frames through the session in batches: float32 [N, K]."""
    parts = [session.run(frames[start : start + BATCH]).logits for start in range(0, len(frames), BATCH)]
    return np.concatenate(parts)


def measure(logits: Logits, samples: Sequence[Sample], manifest: Manifest | Reading, min_support: int = 1) -> Report:
    """Turns the logits of any network into figures.

    Args:
        logits: float32 [N, K].
        samples: N, in the same order.
        manifest: gives labels, temperature and threshold; a `Reading` where there is no manifest yet.
        min_support: a class with fewer images is in no macro figure.

    Raises:
        BadAnswers: no sample, a logit that is not finite, or no class with enough images.
    """
    answers = Answers.read(logits, samples, manifest)
    macro, micro = averages(answers, min_support)
    tracks = [sample.group for sample in samples]
    return Report(
        labels=answers.labels,
        n=len(answers),
        min_support=min_support,
        confusion=confusion(answers),
        top_k={1: Proportion.of(answers.right)} | {k: _top(answers, k) for k in TOP if k < len(answers.labels)},
        macro=macro,
        micro=micro,
        between_tracks=between_tracks(answers.truth, answers.guess, tracks, counting(answers, min_support)),
        calibration=calibration(answers),
        confident=Proportion.of(answers.right[answers.confidence >= manifest.uncertain_below]),
        per_class=of_classes(answers),
        curves=curves(answers),
        per_kind=by_kind(answers, min_support),
        per_source=by_source(answers, min_support),
        per_size=by_size(answers, min_support),
        mistakes=mistakes(answers),
    )


def _top(answers: Answers, k: int) -> Proportion:
    # The columns go in backwards so that of equal ones the first is the likeliest, as `guess` and the service have it.
    columns = np.arange(len(answers.labels))
    hits = top_k_accuracy_score(
        columns[-1] - answers.truth, answers.probabilities[:, ::-1], k=k, normalize=False, labels=columns
    )
    return Proportion(int(hits), len(answers))
