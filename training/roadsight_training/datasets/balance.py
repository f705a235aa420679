"""How much each sample counts when classes or sources are of unlike size.

Samples --balance_weights--> float64 [N], 1 on average: odds of being drawn
        --label_weights--> float64 [N, K]: weights in the loss, where augmentation may change the label
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from roadsight_training.datasets.sample import Sample

By = Literal["class", "source", "class_and_source"]


def balance_weights(samples: Sequence[Sample], by: By) -> npt.NDArray[np.float64]:
    """Weights under which each class, each source, or each class within each source has the same total.

    Args:
        samples: N of them, at least one.
        by: what is evened out.

    Returns:
        float64 [N], 1 on average.
    """
    from sklearn.utils.class_weight import (  # type: ignore[import-untyped]  # noqa: PLC0415 (slow, and seldom needed)
        compute_sample_weight,
    )

    named = {
        "class": [str(sample.index) for sample in samples],
        "source": [sample.source for sample in samples],
        "class_and_source": [f"{sample.index} {sample.source}" for sample in samples],
    }
    weights: npt.NDArray[np.float64] = compute_sample_weight("balanced", named[by])
    return weights


def label_weights(samples: Sequence[Sample], by: By, classes: int) -> npt.NDArray[np.float64]:
    """What each sample would weigh with each label: a mirrored 'keep right' counts as the 'keep left' it then is.

    Args:
        samples: N of them, at least one.
        by: what is evened out.
        classes: K.

    Returns:
        float64 [N, K]; where no sample has that label (from that source), what the sample weighs as it is.
    """
    own = balance_weights(samples, by)
    table = np.repeat(own[:, None], classes, axis=1)
    if by == "source":
        return table
    weight = {_cell(sample, sample.index, by): value for sample, value in zip(samples, own, strict=True)}
    for row, sample in zip(table, samples, strict=True):
        row[:] = [weight.get(_cell(sample, index, by), row[index]) for index in range(classes)]
    return table


def _cell(sample: Sample, index: int, by: By) -> tuple[int, str]:
    return index, sample.source if by == "class_and_source" else ""
