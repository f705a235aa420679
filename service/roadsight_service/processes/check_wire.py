"""What the serving process and a checker say to each other, beside what `wire` has: checks as plain values.

Question --question_out--> plain values --question_in--> Question
Finding --finding_out--> plain values --finding_in--> Finding
"""

from typing import Any, NamedTuple

from pydantic import TypeAdapter

from roadsight_service.processes.wire import Wrong
from roadsight_service.robustness.question import Finding, Question

_questions, _findings = TypeAdapter(Question), TypeAdapter(Finding)
question_out, question_in = _questions.dump_python, _questions.validate_python
finding_out, finding_in = _findings.dump_python, _findings.validate_python


class Asked(NamedTuple):
    """What a checker is asked; the body follows."""

    question: dict[str, Any]
    body_bytes: int


class Told(NamedTuple):
    """What a checker says."""

    wrong: Wrong | None
    finding: dict[str, Any] | None  # if nothing is wrong
    spent: dict[str, float]  # seconds by stage
