"""What comes back from somebody who means no good, or knows no better: an error of this package, and no other."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.test_answers import ANSWER
from roadsight_client import CameraFrame, NotRoadsight, Problem, Superseded, Unreachable, answers, checks, served
from roadsight_client.errors import KINDS
from roadsight_client.messages import Unanswered
from roadsight_client.replies import Reply, read, refusal

DEEP = b'{"frame":' + b"[" * 100_000
PARSERS = {"classify": answers.parse, "robustness": checks.parse, "models": served.parse}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*ANSWER, "code", "region"]), inner),
    max_leaves=12,
)


def retry_after(said: str) -> float | None:
    return Reply(503, {"retry-after": said}, b"").retry_after_s


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@given(value=json_values)
def test_whatever_json_a_stranger_says_is_an_answer_or_a_problem(parse: Any, value: Any) -> None:
    for reply in (Reply(200, {}, json.dumps(value).encode()), Reply(502, {}, json.dumps(value).encode())):
        try:
            read(reply, parse)
        except Problem as problem:
            assert isinstance(problem.code, str)


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_that_nests_without_end_is_of_a_stranger(status: int) -> None:
    with pytest.raises(NotRoadsight) as caught:
        read(Reply(status, {}, DEEP), answers.parse)
    assert caught.value.status == status
    assert len(caught.value.detail) == 200


@pytest.mark.parametrize(
    "said", [{"code": 404, "detail": "gone"}, {"code": "gone", "detail": None}, {"code": [], "detail": ""}]
)
def test_a_gateway_s_own_codes_are_not_the_service_s(said: dict[str, Any]) -> None:
    assert isinstance(refusal(Reply(404, {}, json.dumps(said).encode())), NotRoadsight)


@pytest.mark.parametrize("code", [*sorted(KINDS.keys() - {"not_roadsight"}), "of_a_newer_service"])
def test_a_code_is_a_class_and_one_that_nobody_knows_is_a_problem(code: str) -> None:
    problem = refusal(Reply(418, {"retry-after": "7"}, json.dumps({"code": code, "detail": "so"}).encode()))
    assert type(problem) is KINDS.get(code, Problem)
    assert (problem.status, problem.code, problem.detail, problem.retry_after_s) == (418, code, "so", 7)


@pytest.mark.parametrize(
    "said",
    ["", "-1", "1.5", "soon", "\u00b2", "0x10", "Mon, 01 Jan 99999999999999 00:00:00 GMT",
     "Mon, 32 Jan 2024 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 +99999999999999999999",
     "Mon, 01 Jan 2024 00:00:00 -9999", "Mon, 01 Jan 2024 00:00:00"],
)  # fmt: skip
def test_when_to_come_back_is_not_told_by_what_is_no_time(said: str) -> None:
    assert retry_after(said) is None


@given(st.text(max_size=40))
def test_no_header_says_to_come_back_before_now(said: str) -> None:
    seconds = retry_after(said)
    assert seconds is None or seconds >= 0


def told(unanswered: Unanswered, camera: str | None, **said: Any) -> Any:
    return unanswered.answered(json.dumps(ANSWER | {"frame": ANSWER["frame"] | {"camera": camera}} | said))


def test_each_camera_s_answers_are_its_frames_in_order_and_one_more_is_nobody_s() -> None:
    unanswered = Unanswered()
    sent = [CameraFrame(b"", str(number), ("left", "right", None)[number % 3]) for number in range(6)]
    for frame in sent:
        unanswered.sent(frame)
    assert len(unanswered) == 6
    answered = [told(unanswered, camera).frame.id for camera in (None, "right", "left", "left", "right", None)]
    assert answered == ["2", "1", "0", "3", "4", "5"]
    assert len(unanswered) == 0
    for camera in ("left", "nobody", None):
        with pytest.raises(NotRoadsight):
            told(unanswered, camera)


def test_a_frame_may_be_superseded_or_refused_in_place_of_an_answer() -> None:
    unanswered = Unanswered()
    for number in range(2):
        unanswered.sent(CameraFrame(b"", str(number), "front"))
    assert told(unanswered, "front", status="superseded").outcome == Superseded()
    outcome = told(unanswered, "front", status=429, code="queue_full", detail="full").outcome
    assert type(outcome) is KINDS["queue_full"]


@pytest.mark.parametrize(
    "text",
    [
        DEEP,
        b"",
        b"\xff",
        b"null",
        "[]",
        '{"frame": null}',
        '{"frame": {"camera": []}}',
        '{"frame": {"camera": "front"}}',
    ],
    ids=lambda text: str(text[:30]),
)
def test_what_is_no_answer_on_a_stream_is_of_a_stranger(text: str | bytes) -> None:
    unanswered = Unanswered()
    unanswered.sent(CameraFrame(b"", camera="front"))
    with pytest.raises(NotRoadsight):
        unanswered.answered(text)


def test_who_names_a_camera_a_frame_fills_no_memory() -> None:
    unanswered = Unanswered()
    for number in range(1000):
        unanswered.sent(CameraFrame(b"", camera=f"c{number}"))
        told(unanswered, f"c{number}")
    assert unanswered._sent == {}


def test_frames_of_a_lost_connection_are_all_told_once() -> None:
    unanswered, why = Unanswered(), Unreachable("gone")
    for number in range(5):
        unanswered.sent(CameraFrame(b"", str(number), ("left", "right")[number % 2]))
    lost = unanswered.lost(why)
    assert sorted(seen.frame.id or "" for seen in lost) == list("01234")
    assert all(seen.outcome is why and seen.latency_ms >= 0 for seen in lost)
    assert (unanswered.lost(why), len(unanswered)) == ([], 0)
