"""Checks of robustness, and what became of them.

drawn scenes --draw--> Question(s) --ask--> Asked --tally--> Checks
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from urllib.parse import urlencode, urljoin

from roadsight_bench.growth.loads import SIGN, TASKS
from roadsight_bench.launch import OK, Answer, Launch, post
from roadsight_models.draw import encode
from roadsight_models.scene import draw as draw_scene

SCENES = 16
QUEUE_FULL, DEADLINE_MISSED = 429, 504
ANSWERED_WITHIN_S = 15  # the service gives a check 10 s


@dataclass(frozen=True)
class Question:
    """A check that may be asked for."""

    task: str
    url: str
    body: bytes  # a JPEG file
    headers: dict[str, str]


@dataclass(frozen=True)
class Asked:
    """One check, as its client saw it."""

    answer: Answer | None  # none came
    took_s: float
    ended_at: float  # on the clock of `time.perf_counter`

    @property
    def status(self) -> int:
        """The answer's; 0 where none came."""
        return 0 if self.answer is None else self.answer.status

    @property
    def work_s(self) -> float:
        """What it took, without its wait until it was begun; of an answered one."""
        assert self.answer is not None, "only an answer tells"
        return self.took_s - float(json.loads(self.answer.body)["timings_ms"]["queue"]) / 1e3


@dataclass(frozen=True)
class Checks:
    """What became of some checks."""

    answers: int
    refused: int  # two were in hand already
    late: int  # told that its deadline had passed
    failed: int  # another status, or no answer at all
    seconds: float | None  # once begun, the median of the answered, with pauses for live frames; null where none was
    slowest_s: float | None


def draw(launch: Launch, attack: str) -> list[Question]:
    """What is asked, always the same: of the sign in each 720p frame, one task after the other.

    Args:
        launch: how the service was started.
        attack: which is tried; everything else is left to the service.
    """
    questions = []
    for scene in (draw_scene(seed, signs=1, side=SIGN) for seed in range(SCENES)):
        region, body = json.dumps(scene.signs[0].box), encode(scene)
        for task in TASKS:
            query = urlencode({"task": task, "region": region, "attack": attack})
            url = urljoin(launch.url, f"/v1/robustness?{query}")
            questions.append(Question(task, url, body, launch.form.headers))
    return questions


def ask(question: Question) -> Asked:
    """Asks, and waits for the answer."""
    start = perf_counter()
    answer = post(question.url, question.body, question.headers, ANSWERED_WITHIN_S)
    ended = perf_counter()
    return Asked(answer, ended - start, ended)


def tally(asked: Sequence[Asked]) -> Checks:
    """Counts and times checks."""
    statuses = [one.status for one in asked]
    answers, refused, late = (statuses.count(status) for status in (OK, QUEUE_FULL, DEADLINE_MISSED))
    times = [one.work_s for one in asked if one.status == OK]
    return Checks(
        answers=answers,
        refused=refused,
        late=late,
        failed=len(asked) - answers - refused - late,
        seconds=median(times) if times else None,
        slowest_s=max(times, default=None),
    )
