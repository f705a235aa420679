"""A line for each request at debug, and for each problem at warning: with its code, and nothing of the picture.

route, status, problem --note--> log

A flood of refusals makes no flood of lines: of each code one a second at most, which says how many there were besides.
"""

import logging
from time import monotonic
from typing import NamedTuple

log = logging.getLogger(__name__)
APART_S = 1.0
OURS = "something went wrong on our side; the log says what"  # what clients are told of faults that are not theirs


class Problem(NamedTuple):
    """What a client was told instead of an answer."""

    code: str
    detail: str


class RequestLog:
    """What was said lately of each code."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}  # when, by code; codes are a fixed set
        self._unsaid: dict[str, int] = {}

    def note(self, route: str, status: int, seconds: float, trace: str | None, problem: Problem | None) -> None:
        """Takes a request that was answered."""
        if problem is not None:
            self._warn(route, status, trace, problem)
        if log.isEnabledFor(logging.DEBUG):
            ms = round(seconds * 1e3, 3)
            fields = {"route": route, "status": status, "ms": ms, "trace_id": trace}
            log.debug("%s %d in %.3f ms", route, status, ms, extra=fields)

    def _warn(self, route: str, status: int, trace: str | None, problem: Problem) -> None:
        code, now = problem.code, monotonic()
        if now < self._said.get(code, now - APART_S) + APART_S:
            self._unsaid[code] = self._unsaid.get(code, 0) + 1
            return
        self._said[code] = now
        more = self._unsaid.pop(code, 0)
        fields = {"route": route, "status": status, "code": code, "trace_id": trace}
        besides = f" (and {more} more since the last line of this code)" if more else ""
        # It may quote the client, whose line feeds make no lines of ours.
        log.warning("%s %d %s: %a%s", route, status, code, problem.detail, besides, extra=fields)
