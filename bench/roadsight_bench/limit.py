"""What the machine can do: the work of an answer, frame by frame, in a loop on every core, with no HTTP around it.

bodies --admit, decode, cut, Session.run, judge--> answers a second

The service is measured against this, so it calls what the service calls, with the same arguments.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2

from roadsight_models.frame import admit, decode
from roadsight_models.preprocess import cut, reduction
from roadsight_models.probabilities import Judgement, judge
from roadsight_models.regions import whole
from roadsight_models.session import Session

PATIENCE_S = 60


def answers_per_second(session: Session, bodies: Sequence[bytes], threads: int, seconds: float) -> float:
    """Works for some seconds on several threads, one frame at a time on each.

    Args:
        session: open on the CPU with one intra-op thread, as a lane of the service has it.
        bodies: JPEG files, taken in turn; each is judged as a whole.
        threads: as many as the service has lanes.
        seconds: how long.
    """
    cv2.setNumThreads(1)
    with ThreadPoolExecutor(threads) as pool:
        starts = [len(bodies) * index // threads for index in range(threads)]
        loops = [pool.submit(_loop, session, [*bodies[at:], *bodies[:at]], seconds) for at in starts]
        return sum(loop.result(seconds + PATIENCE_S) for loop in loops)


def _loop(session: Session, bodies: Sequence[bytes], seconds: float) -> float:
    done, taken, start = 0, 0.0, time.perf_counter()
    while not done or taken < seconds:
        answer(session, bodies[done % len(bodies)])
        done, taken = done + 1, time.perf_counter() - start
    return done / taken


def answer(session: Session, body: bytes) -> Judgement:
    """All that the service does for a frame between receiving and rendering."""
    header, rule = admit(body), session.manifest.input
    regions = [whole(header.width, header.height)]
    crops = cut(decode(body, header, reduction(header, regions, [rule])), regions, rule)
    return judge(session.run(crops.pixels).logits, session.manifest)[0]
