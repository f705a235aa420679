"""What the service holds in memory, at rest and while a check is at work.

Question --ask, look meanwhile--> Held
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from time import sleep

from roadsight_bench.endurance.memory import look
from roadsight_bench.errors import BenchError
from roadsight_bench.robustness.checks import Question, ask

LOOK_S = 0.05  # how often; a look counts all pages
MOST_LOOKS = 20


@dataclass(frozen=True)
class Held:
    """Megabytes, of 1,000,000 bytes, of all its processes: resident, a shared page once."""

    at_rest_mb: float  # after the checks
    at_work_mb: float  # the most that was seen


def held(process_id: int, questions: Sequence[Question]) -> Held:
    """Asks one question after the other, on an idle machine.

    Raises:
        BenchError: the service has ended.
    """
    most = 0.0
    with ThreadPoolExecutor(1) as pool:
        for question in questions:
            asked = pool.submit(ask, question)
            while not asked.done():
                most = max(most, _resident_mb(process_id))
                sleep(LOOK_S)
    at_rest = _resident_mb(process_id)
    return Held(at_rest, max(most, at_rest))


def _resident_mb(process_id: int) -> float:
    for _ in range(MOST_LOOKS - 1):
        with suppress(BenchError):  # a check's process ended while one looked
            return look(process_id).pss_mb
        sleep(LOOK_S)
    return look(process_id).pss_mb
