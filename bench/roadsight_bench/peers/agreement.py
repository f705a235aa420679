"""Whether a peer does the work that it is measured for: where it has our decoder and graph, it must say what we say.

Answer --probabilities--> K numbers --check--> nothing
                          AnswersDiffer        AnswersDiffer
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from roadsight_bench import limit
from roadsight_bench.errors import AnswersDiffer
from roadsight_bench.launch import Answer
from roadsight_bench.requests import Request
from roadsight_models.session import Session

TOLERANCE = 1e-3  # of a probability


def check(session: Session, frame: bytes, answer: Answer, same_work: bool) -> None:
    """Checks what a peer said to a frame.

    Args:
        session: ours.
        frame: a JPEG file.
        answer: the peer's.
        same_work: whether it was given our decoder and graph, and so must say what we say.

    Raises:
        AnswersDiffer: there are no K probabilities in it, or not those that there must be.
    """
    said = probabilities(answer, len(session.manifest.labels))
    if abs(sum(said) - 1) > TOLERANCE:
        raise AnswersDiffer(f"its probabilities sum to {sum(said):.3f}")
    if not same_work:
        return
    ((judgement,),) = limit.answer([session], [Request(frame)])
    for ours in judgement.predictions:
        if abs(said[ours.index] - ours.probability) > TOLERANCE:
            raise AnswersDiffer(f"it says {said[ours.index]:.4f} where we say {ours.probability:.4f}")


def probabilities(answer: Answer, count: int) -> list[float]:
    """The probabilities in an answer, wherever its protocol puts them: JSON, or a head of JSON and a float32 tensor.

    Raises:
        AnswersDiffer: there is no list of so many numbers in it.
    """
    head = answer.headers.get("inference-header-content-length")
    if head is not None:
        found: list[float] = np.frombuffer(answer.body[int(head) :], np.float32).tolist()
        return found
    for numbers in _lists(json.loads(answer.body)):
        if len(numbers) == count and all(isinstance(number, float | int) for number in numbers):
            return numbers
    raise AnswersDiffer(f"there are no {count} numbers in: {answer.body[:100]!r}")


def _lists(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
    if isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _lists(inner)
