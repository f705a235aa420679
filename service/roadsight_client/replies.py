"""What came back, and what it says.

Reply --JSON--> typed answer
      Problem, by its code
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from json import loads
from typing import Any, TypeVar

from roadsight_client.errors import KINDS, NotRoadsight, Problem

OK = 200
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Reply:
    """An HTTP response that has been read; the names of `headers` in small letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def retry_after_s(self) -> float | None:
        """How long to stay away, by the header `Retry-After` in seconds or as a date (RFC 9110, 10.2.3)."""
        said = self.headers.get("retry-after", "")
        if said.isdecimal():
            return float(said)
        try:
            return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError):  # no date, or one without a zone
            return None


def read(reply: Reply, parse: Callable[[Any], Kind]) -> Kind:
    """Reads an answer.

    Raises:
        Problem: the service refused, or it is not the service that answered.
    """
    if reply.status != OK:
        raise refusal(reply)
    try:
        return parse(loads(reply.content))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _stranger(reply) from error


def problem(status: int, body: Any, retry_after_s: float | None = None) -> Problem:
    """Makes a problem of its JSON object.

    Raises:
        KeyError, TypeError: it is none.
    """
    return KINDS.get(body["code"], Problem)(status, body["code"], body["detail"], retry_after_s)


def refusal(reply: Reply) -> Problem:
    """Says why there is no answer."""
    try:
        return problem(reply.status, loads(reply.content), reply.retry_after_s)
    except (ValueError, KeyError, TypeError):
        return _stranger(reply)


def _stranger(reply: Reply) -> Problem:
    return NotRoadsight(reply.status, "not_roadsight", reply.content[:200].decode(errors="replace"))
