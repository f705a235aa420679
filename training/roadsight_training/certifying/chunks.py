"""The certificates, chunk by chunk.

Victim, Drawn, Asked --certify_chunks--> a line of the journal a chunk, whether or not it was interrupted before

The noise of each picture is drawn by a generator of its own, so a result does not depend on where a run was stopped.
"""

from collections.abc import Iterator
from time import perf_counter

import numpy as np

from roadsight_models.robustness.certificate import Certificate
from roadsight_models.robustness.smoothing import certify
from roadsight_models.robustness.victim import Victim
from roadsight_training.attacking.drawn import Drawn
from roadsight_training.attacking.journal import Journal
from roadsight_training.certifying.asked import Asked


def certify_chunks(victim: Victim, drawn: Drawn, asked: Asked, journal: Journal) -> Iterator[int]:
    """Certifies what the journal lacks.

    Yields:
        How many pictures are done, after each chunk; first those that were done before.
    """
    yield journal.pictures
    for chunk, rows in journal.left(len(drawn.truth)):
        begun = perf_counter()
        plain = victim.answers(drawn.frames[rows]).argmax(1)
        found = [_one(victim, drawn, asked, row) for row in range(rows.start, rows.stop)]
        line = {
            "chunk": chunk,
            "truth": drawn.truth[rows].tolist(),
            "plain": plain.tolist(),
            "label": [one.label for one in found],
            "radius": [one.radius for one in found],
            "share": [one.share for one in found],
        }
        journal.append(line, [perf_counter() - begun])
        yield journal.pictures


def _one(victim: Victim, drawn: Drawn, asked: Asked, row: int) -> Certificate:
    rng = np.random.default_rng((asked.seed, row))
    return certify(victim, drawn.frames[row], asked.smoothing, rng)
