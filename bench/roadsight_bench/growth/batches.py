"""What a crop costs in a batch: nothing but `Session.run`, on one core.

Bundle --measure--> {"float32": {1: [ms a crop, one a round], ..., 32: [...]}, "float16": ..., "int8": ...}
       GoldenMismatch
"""

from functools import partial

import numpy as np

from roadsight_bench import limit
from roadsight_models.bundle import Bundle
from roadsight_models.manifest import PrecisionName
from roadsight_models.session import open_session

SIZES = (1, 2, 4, 8, 16, 32)


def measure(bundle: Bundle, rounds: int, seconds: float) -> dict[PrecisionName, dict[int, list[float]]]:
    """Measures every graph of a bundle; within a round one batch size after the other.

    Args:
        bundle: as `bundle.load` gave it.
        rounds: how often.
        seconds: how long each batch size runs in each round.

    Raises:
        GoldenMismatch: a graph does not reproduce the golden logits.
    """
    precisions: list[PrecisionName] = ["float32", *(one.name for one in bundle.manifest.precisions)]
    return {precision: _graph(bundle, precision, rounds, seconds) for precision in precisions}


def _graph(bundle: Bundle, precision: PrecisionName, rounds: int, seconds: float) -> dict[int, list[float]]:
    session, rule = open_session(bundle, "cpu", precision=precision), bundle.manifest.input
    crops = np.random.default_rng(0).integers(0, 256, (max(SIZES), rule.height, rule.width, 3), np.uint8)
    found: dict[int, list[float]] = {size: [] for size in SIZES}
    for size in SIZES:  # a first run takes memory, and so time
        session.run(crops[:size])
    for _ in range(rounds):
        for size in SIZES:
            runs_per_s = limit.per_second([partial(session.run, crops[:size])], 1, seconds)
            found[size].append(1e3 / runs_per_s / size)
    return found
