"""How much each sample counts when classes or sources are of unlike size.

Samples --balance_weights--> float64 [N], 1 on average: weights in the loss, or odds of being drawn
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
