"""When a question is asked again, and when that is no use."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from roadsight_client import Unreachable
from roadsight_client.questions import Question, classify, models, ready
from roadsight_client.replies import Reply
from roadsight_client.tries import FIRST_PAUSE_S, MAX_ANSWER_BYTES, Tries

FRAME = b"\xff\xd8\xff"


def tries(question: Question[Any] | None = None, retries: int = 2) -> Tries:
    return Tries("http://service", question or models(), 60, retries)


def refused(retry_after: str | None, status: int = 429) -> Reply:
    return Reply(status, {} if retry_after is None else {"retry-after": retry_after}, b"")


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_told_when_to_come_back_comes_back_then(status: int) -> None:
    asked = tries()
    assert asked.settle(refused("3", status)) is None
    assert 3 < asked.pause_s <= 3 + FIRST_PAUSE_S


def test_when_to_come_back_may_be_a_date() -> None:
    asked = tries()
    assert asked.settle(refused(format_datetime(datetime.now(UTC) + timedelta(seconds=9)))) is None
    assert 7 < asked.pause_s < 10
    assert asked.settle(refused(format_datetime(datetime.now(UTC) - timedelta(days=1)))) is None
    assert asked.pause_s < 1


def test_nobody_waits_for_an_answer_that_would_be_late() -> None:
    reply = refused("1")
    assert tries(classify(FRAME, deadline_ms=50)).settle(reply) is reply
    assert tries().settle(refused("61")) is not None


@pytest.mark.parametrize("retry_after", [None, "", "soon", "-1", "1.5", "Sun, 06 Nov"])
def test_a_refusal_that_does_not_say_when_to_come_back_stands(retry_after: str | None) -> None:
    reply = refused(retry_after, 503)
    assert tries().settle(reply) is reply


@pytest.mark.parametrize("status", [200, 400, 404, 422, 500, 504])
def test_whatever_else_comes_back_stands(status: int) -> None:
    reply = refused("0", status)
    assert tries().settle(reply) is reply


def test_a_connection_that_breaks_is_made_again_ever_more_slowly_and_not_for_ever() -> None:
    asked, broken = tries(retries=3), httpx.ReadError("broken pipe")
    for number in range(3):
        assert asked.settle(broken) is None
        assert FIRST_PAUSE_S / 2 <= asked.pause_s / 2**number <= FIRST_PAUSE_S
    with pytest.raises(Unreachable, match="http://service: broken pipe") as caught:
        asked.settle(broken)
    assert caught.value.__cause__ is broken


@pytest.mark.parametrize(
    "error", [httpx.ReadTimeout("late"), httpx.UnsupportedProtocol("gopher"), httpx.DecodingError("?")]
)
def test_what_would_fail_again_is_not_tried_again(error: httpx.RequestError) -> None:
    with pytest.raises(Unreachable):
        tries().settle(error)


def test_whether_it_is_ready_is_asked_once() -> None:
    reply = refused("0", 503)
    assert tries(ready()).settle(reply) is reply


def test_a_later_try_has_what_is_left_of_the_deadline() -> None:
    asked = tries(classify(FRAME, deadline_ms=5000))
    assert asked.request()["headers"]["X-Deadline-Ms"] == "5000"
    assert asked.settle(httpx.ConnectError("refused")) is None
    assert 0 < float(asked.request()["headers"]["X-Deadline-Ms"]) < 5000


def test_an_answer_without_end_is_given_up() -> None:
    tries().check(MAX_ANSWER_BYTES)
    with pytest.raises(httpx.RequestError, match="over"):
        tries().check(MAX_ANSWER_BYTES + 1)
