"""How often a question is asked, and until when; carries nothing itself.

question --try--> Reply, error --settle--> the reply that stands
                                           a pause, then the next try
                                           Unreachable

A question is asked again after a connection that broke, and after a 429 or 503 whose Retry-After says when to come
back, where that is before the deadline. Every question may be: it changes nothing at the service.
"""

from random import uniform
from time import monotonic
from typing import Any

import httpx

from roadsight_client.errors import Unreachable
from roadsight_client.questions import Question
from roadsight_client.replies import Reply

GRACE_S = 1.0  # for an answer, or a 504, that is still on its way when the deadline passes
FIRST_PAUSE_S = 0.05  # doubled from try to try; every pause is stretched by chance, lest all clients come back at once
LONGEST_S = 3600.0  # whatever is asked; a socket takes no infinite timeout
MAX_ANSWER_BYTES = 64 << 20
REFUSED = (429, 503)


class Tries:
    """The tries of one question.

    Args:
        url: of the service, for what an error says.
        question: a question with a deadline has until `GRACE_S` after it.
        timeout_s: how long one without has, all tries and pauses together.
        retries: how often it may be asked again.
    """

    def __init__(self, url: str, question: Question[Any], timeout_s: float, retries: int) -> None:
        self._url, self._question = url, question
        self._began, self._tried, self._retries = monotonic(), 0, 0 if question.once else retries
        deadline_ms = question.deadline_ms
        # In this order no deadline, NaN, is 0: the service is to refuse it.
        waits_s = timeout_s if deadline_ms is None else max(0.0, deadline_ms) / 1e3 + GRACE_S
        self._until = self._began + min(LONGEST_S, waits_s)
        self.pause_s = 0.0

    @property
    def left_s(self) -> float:
        """How long this try may take."""
        return max(0.0, self._until - monotonic())

    def request(self) -> dict[str, Any]:
        """This try, as httpx is given it; its deadline is what is left of the question's."""
        asked = self._question
        headers = dict(asked.headers)
        if asked.deadline_ms is not None:
            spent_ms = (monotonic() - self._began) * 1e3 if self._tried else 0
            headers["X-Deadline-Ms"] = str(asked.deadline_ms - spent_ms)
        return {"method": asked.method, "url": asked.path, "content": asked.content, "params": asked.params,
                "headers": headers, "timeout": self.left_s}  # fmt: skip

    def check(self, received: int) -> None:
        """Ends an answer that takes too long, or does not end.

        Raises:
            httpx.RequestError: `received` bytes of it are too many, or the time is up.
        """
        if received > MAX_ANSWER_BYTES:
            raise httpx.DecodingError(f"the answer is over {MAX_ANSWER_BYTES} bytes")
        if not self.left_s:
            raise httpx.ReadTimeout("the answer took too long")

    def settle(self, outcome: Reply | httpx.RequestError) -> Reply | None:
        """The reply, if it stands; None: ask again after `pause_s`.

        Raises:
            Unreachable: no answer came, and there is no use or no time to ask again.
        """
        wait_s = stay_away_s(outcome)
        self.pause_s = (0 if wait_s is None else wait_s) + uniform(0.5, 1) * FIRST_PAUSE_S * 2**self._tried
        self._tried += 1
        worthwhile_s = self.left_s - (0 if self._question.deadline_ms is None else GRACE_S)
        if wait_s is not None and self._tried <= self._retries and self.pause_s < worthwhile_s:
            return None
        if isinstance(outcome, Reply):
            return outcome
        raise Unreachable.at(self._url, outcome) from outcome


def stay_away_s(outcome: Reply | httpx.RequestError) -> float | None:
    """How long to stay away at least; None: for good."""
    if isinstance(outcome, Reply):
        return outcome.retry_after_s if outcome.status in REFUSED else None
    return 0 if isinstance(outcome, httpx.NetworkError | httpx.RemoteProtocolError) else None
