"""The attack itself, chunk by chunk.

Victim, Drawn, Asked --attack_chunks--> a line of the journal a chunk, whether or not it was interrupted before

Each chunk draws from a generator of its own, so a result does not depend on where a run was stopped, nor on which
other epsilons were asked for.
"""

import base64
from collections.abc import Iterator, Sequence

import numpy as np

from roadsight_models.frame import Pixels
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.ensemble import NOBODY, Siege, besiege
from roadsight_models.robustness.victim import Victim
from roadsight_training.attacking.asked import Asked
from roadsight_training.attacking.drawn import Drawn
from roadsight_training.attacking.journal import Journal, Line
from roadsight_training.judging.plots import encode

EXAMPLES = 2  # pictures of a chunk whose pixels are kept


def attack_chunks(
    victim: Victim, drawn: Drawn, asked: Asked, attacks: Sequence[Attack], journal: Journal
) -> Iterator[int]:
    """Attacks what the journal lacks.

    Yields:
        How many pictures are done, after each chunk; first those that were done before.

    Raises:
        BadParameter: an attack does not know the norm.
    """
    yield journal.pictures
    for chunk, rows in journal.left(len(drawn.truth)):
        criterion = drawn.criterion(rows)
        sieges = []
        for threat in asked.threats:
            rng = np.random.default_rng((asked.seed, chunk))
            sieges.append(besiege(victim, drawn.frames[rows], criterion, attacks, threat, rng, asked.jpeg))
        journal.append(
            _line(chunk, drawn.frames[rows], asked, sieges),
            [sum(stage.seconds for stage in siege.stages) for siege in sieges],
        )
        yield journal.pictures


def _line(chunk: int, frames: Pixels, asked: Asked, sieges: Sequence[Siege]) -> Line:
    first = sieges[0]
    return {
        "chunk": chunk,
        "truth": first.criterion.labels.tolist(),
        "clean": first.clean_logits.argmax(1).tolist(),
        "right": first.right.tolist(),
        "at": [_plain(siege) for siege in sieges],
        "examples": _examples(frames, asked, sieges),
    }


def _plain(siege: Siege) -> Line:
    outcome = siege.outcome
    return {
        "guess": outcome.logits.argmax(1).tolist(),
        "withstood": siege.withstood.tolist(),
        "broken_by": siege.broken_by.tolist(),
        **{name: getattr(outcome, name).tolist() for name in ("linf", "l2", "l0")},
        "stages": [
            {"faced": one.faced, "broke": one.broke, "queries": one.queries, "steps": one.steps} for one in siege.stages
        ],
    }


def _examples(frames: Pixels, asked: Asked, sieges: Sequence[Siege]) -> list[Line]:
    """The first pictures that broke, each at the smallest epsilon that broke it."""
    found: dict[int, Line] = {}
    for epsilon, siege in zip(asked.epsilons, sieges, strict=True):
        for row in np.flatnonzero((siege.broken_by != NOBODY) & siege.right):
            if row not in found and len(found) < EXAMPLES:
                found[int(row)] = {
                    "epsilon": epsilon,
                    "truth": int(siege.criterion.labels[row]),
                    "guess": int(siege.outcome.logits[row].argmax()),
                    "clean": _png(frames[row]),
                    "adversarial": _png(siege.outcome.frames[row]),
                }
    return [found[row] for row in sorted(found)]


def _png(frame: Pixels) -> str:
    return base64.b64encode(encode(frame)).decode()
