"""What the machine can do: the work of an answer in a loop on several threads, with no HTTP around it.

on a CPU: one Request --look--> pixels, regions --cut, Session.run--> logits --judge--> answers a second
on a GPU: as many Requests as the largest bucket has crops, in the same way

The service is measured against this, so it calls what the service calls, with the same arguments. On a GPU that is a
bound from above: every batch is full, and none ever waits for company.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice

import cv2
import numpy as np
import numpy.typing as npt

from roadsight_bench.requests import Request
from roadsight_models.frame import Frame, Pixels, admit, decode
from roadsight_models.judgement import Judgement
from roadsight_models.preprocess import cut, reduction
from roadsight_models.probabilities import judge
from roadsight_models.regions import Region, whole, within
from roadsight_models.session import Session

PATIENCE_S = 60
BATCH = 8  # crops: a core is no faster with more at once, see `growth.batches`
Work = Callable[[], object]


def answers_per_second(sessions: Sequence[Session], requests: Sequence[Request], threads: int, seconds: float) -> float:
    """Answers requests for some seconds on several threads.

    Args:
        sessions: each judges every region; as the service has them: on the CPU with one intra-op thread, or on a GPU.
        requests: taken in turn.
        threads: as many as the service has lanes; two for each on a GPU, so that no core idles while one waits for it.
        seconds: how long.
    """
    at_once = max((size for session in sessions for size in session.buckets), default=1)
    starts = range(0, len(requests), at_once)
    works = [partial(answer, sessions, list(islice(cycle(requests), at, at + at_once))) for at in starts]
    return at_once * per_second(works, threads * (2 if at_once > 1 else 1), seconds)


def per_second(works: Sequence[Work], threads: int, seconds: float) -> float:
    """How many works a second are done, taken in turn, on all threads together."""
    cv2.setNumThreads(1)
    with ThreadPoolExecutor(threads) as pool:
        starts = [len(works) * index // threads for index in range(threads)]
        loops = [pool.submit(_loop, [*works[at:], *works[:at]], seconds) for at in starts]
        return sum(loop.result(seconds + PATIENCE_S) for loop in loops)


def _loop(works: Sequence[Work], seconds: float) -> float:
    done, taken, start = 0, 0.0, time.perf_counter()
    while not done or taken < seconds:
        works[done % len(works)]()
        done, taken = done + 1, time.perf_counter() - start
    return done / taken


def answer(sessions: Sequence[Session], requests: Sequence[Request]) -> list[tuple[Judgement, ...]]:
    """All that the service does for frames between receiving and rendering; each session's judgements, crop by crop."""
    frames = [look(sessions, request) for request in requests]
    return [_judged(session, frames) for session in sessions]


def _judged(session: Session, frames: Sequence[tuple[Frame, tuple[Region, ...]]]) -> tuple[Judgement, ...]:
    crops = [cut(frame, regions, session.manifest.input).pixels for frame, regions in frames]
    return judge(infer(session, np.concatenate(crops) if len(crops) > 1 else crops[0]), session.manifest)


def look(sessions: Sequence[Session], request: Request) -> tuple[Frame, tuple[Region, ...]]:
    """Decodes, as small as the crops allow; gives the regions within the frame, too."""
    header = admit(request.body)
    regions = within(request.regions or (whole(header.width, header.height),), header.width, header.height)
    rules = [session.manifest.input for session in sessions]
    return decode(request.body, header, reduction(header, regions, rules)), regions


def infer(session: Session, crops: Pixels) -> npt.NDArray[np.float32]:
    """The logits of crops, uint8 [N, h, w, 3], at least one: float32 [N, K]."""
    most = max(session.buckets, default=BATCH)
    return np.concatenate([session.run(crops[at : at + most]).logits for at in range(0, len(crops), most)])
