"""What the machine can do: the work of an answer, frame by frame, in a loop on every core, with no HTTP around it.

Request(s) --look--> pixels, regions --cut, Session.run--> logits --judge--> answers a second

The service is measured against this, so it calls what the service calls, with the same arguments.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from roadsight_bench.requests import Request
from roadsight_models.frame import Frame, Pixels, admit, decode
from roadsight_models.preprocess import cut, reduction
from roadsight_models.probabilities import judge
from roadsight_models.regions import Region, whole, within
from roadsight_models.session import Session

PATIENCE_S = 60
BATCH = 8  # crops: a core is no faster with more at once, see `growth.batches`
Work = Callable[[], object]


def answers_per_second(sessions: Sequence[Session], requests: Sequence[Request], threads: int, seconds: float) -> float:
    """Answers requests for some seconds on several threads, one frame at a time on each.

    Args:
        sessions: each judges every region; open on the CPU with one intra-op thread, as a lane of the service has it.
        requests: taken in turn.
        threads: as many as the service has lanes.
        seconds: how long.
    """
    return per_second([partial(answer, sessions, request) for request in requests], threads, seconds)


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


def answer(sessions: Sequence[Session], request: Request) -> None:
    """All that the service does for a frame between receiving and rendering."""
    frame, regions = look(sessions, request)
    for session in sessions:
        judge(infer(session, cut(frame, regions, session.manifest.input).pixels), session.manifest)


def look(sessions: Sequence[Session], request: Request) -> tuple[Frame, tuple[Region, ...]]:
    """Decodes, as small as the crops allow; gives the regions within the frame, too."""
    header = admit(request.body)
    regions = within(request.regions or (whole(header.width, header.height),), header.width, header.height)
    rules = [session.manifest.input for session in sessions]
    return decode(request.body, header, reduction(header, regions, rules)), regions


def infer(session: Session, crops: Pixels) -> npt.NDArray[np.float32]:
    """The logits of crops, uint8 [N, h, w, 3], at least one: float32 [N, K]."""
    return np.concatenate([session.run(crops[at : at + BATCH]).logits for at in range(0, len(crops), BATCH)])
