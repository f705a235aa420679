"""Batches: crops of one session, of one or several frames, inferred together and given back to whom they belong.

Share(s) --pack--> batches of Part(s) --infer--> Outputs, taken by each share
DeadlineMissed, ClientGone (a failed batch fails its own shares, nothing else)
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from roadsight_models.errors import DeadlineMissed
from roadsight_models.frame import Pixels
from roadsight_models.session import Outputs, Session
from roadsight_service.room import ClientGone
from roadsight_service.served import Model
from roadsight_service.work import Share


class Part(NamedTuple):
    """Some crops of a share."""

    share: Share
    first: int  # of its crops
    pixels: Pixels  # uint8 [J, h, w, 3]


def pack(shares: Sequence[Share], batch_crops: int) -> Iterator[list[Part]]:
    """Fills batches in order; only a share of more than a whole batch is divided."""
    batch: list[Part] = []
    size = 0
    for share in shares:
        for first in range(0, max(len(share.pixels), 1), batch_crops):
            part = Part(share, first, share.pixels[first : first + batch_crops])
            if size + len(part.pixels) > batch_crops:
                yield batch
                batch, size = [], 0
            batch.append(part)
            size += len(part.pixels)
    yield batch


def infer(batch: Sequence[Part], observe: Callable[[int], None]) -> None:
    """Runs a batch; a share is settled with its last crop. Who has left, or is too late, is dropped first.

    Args:
        batch: parts for one session.
        observe: is told how many crops are inferred.
    """
    alive = [part for part in batch if is_alive(part.share)]
    if not alive:
        return
    session, jobs = alive[0].share.session, [part.share.job for part in alive]
    for job in jobs:
        job.begin_inference()
    try:
        pixels = np.concatenate([part.pixels for part in alive]) if len(alive) > 1 else alive[0].pixels
        outputs = _outputs(session, pixels, observe)
    except Exception as error:  # whatever the runtime raises belongs to these shares; the thread lives on
        for job in jobs:
            job.end_inference()
            job.fail(error)
        return
    first = 0
    for part, job in zip(alive, jobs, strict=True):
        job.end_inference()
        last = first + len(part.pixels)
        part.share.take(part.first, Outputs(outputs.logits[first:last], outputs.embedding[first:last]))
        first = last


def is_alive(share: Share) -> bool:
    """Whether anybody waits for a share still, and in time; who does not is told."""
    share.job.end_wait()
    if share.job.future.done():
        return False
    try:
        share.job.check("inference")
    except (ClientGone, DeadlineMissed) as error:
        share.job.fail(error)
        return False
    return True


def nothing(model: Model) -> Outputs:
    """What a graph would give for no crops."""
    return Outputs(np.empty((0, len(model.manifest.labels)), np.float32), np.empty((0, 0), np.float32))


def _outputs(session: Model, pixels: Pixels, observe: Callable[[int], None]) -> Outputs:
    if not len(pixels):
        return nothing(session)
    assert isinstance(session, Session), "crops are inferred where their session is"
    observe(len(pixels))
    outputs = session.run(pixels)
    if len(outputs.logits) != len(pixels):
        raise RuntimeError(f"{len(pixels)} crops went in, {len(outputs.logits)} logits came out")
    return outputs
