"""What the machine can do: the work of an answer in a loop on several threads, with no HTTP around it.

on a CPU: one body --admit, decode, cut--> crops --Session.run, judge--> answers a second
on a GPU: as many bodies as the largest bucket has crops, in the same way

The service is measured against this, so it calls what the service calls, with the same arguments. On a GPU that is a
bound from above: every batch is full, and none ever waits for company.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import cv2
import numpy as np

from roadsight_models.frame import Pixels, admit, decode
from roadsight_models.preprocess import cut, reduction
from roadsight_models.probabilities import judge
from roadsight_models.regions import whole
from roadsight_models.session import Session

PATIENCE_S = 60


def answers_per_second(session: Session, bodies: Sequence[bytes], threads: int, seconds: float) -> float:
    """Works for some seconds on several threads.

    Args:
        session: as a lane of the service has it: on the CPU with one intra-op thread, or on a GPU.
        bodies: JPEG files, taken in turn; each is judged as a whole.
        threads: as many as the service has lanes; two for each on a GPU, so that no core idles while one waits for it.
        seconds: how long.
    """
    cv2.setNumThreads(1)
    threads *= 2 if session.buckets else 1
    with ThreadPoolExecutor(threads) as pool:
        starts = [len(bodies) * index // threads for index in range(threads)]
        loops = [pool.submit(_loop, session, [*bodies[at:], *bodies[:at]], seconds) for at in starts]
        return sum(loop.result(seconds + PATIENCE_S) for loop in loops)


def _loop(session: Session, bodies: Sequence[bytes], seconds: float) -> float:
    at_once = max(session.buckets, default=1)
    done, taken, start, following = 0, 0.0, time.perf_counter(), cycle(bodies)
    while not done or taken < seconds:
        answer(session, list(islice(following, at_once)))
        done, taken = done + at_once, time.perf_counter() - start
    return done / taken


def answer(session: Session, bodies: Sequence[bytes]) -> None:
    """All that the service does for frames between receiving and rendering."""
    crops = [_crops(session, body) for body in bodies]
    judge(session.run(np.concatenate(crops) if len(crops) > 1 else crops[0]).logits, session.manifest)


def _crops(session: Session, body: bytes) -> Pixels:
    header, rule = admit(body), session.manifest.input
    regions = [whole(header.width, header.height)]
    return cut(decode(body, header, reduction(header, regions, [rule])), regions, rule).pixels
