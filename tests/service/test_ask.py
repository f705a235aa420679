"""Reading what is asked: any text is either understood or refused by a member of the family."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import Request
from hypothesis import example, given
from hypothesis import strategies as st

from roadsight_models.errors import BadParameter, RoadsightError
from roadsight_service.room import Ask
from roadsight_service.routes import ask as asking
from roadsight_service.routes.ask import QUERY, Said
from roadsight_service.routes.given import HEADERS, Given
from roadsight_service.settings import Settings

SETTINGS = Settings(max_regions=4)


def request(query: bytes = b"", headers: Mapping[bytes, bytes] | None = None) -> Request:
    raw = list((headers or {}).items())
    return Request(
        {"type": "http", "http_version": "1.1", "query_string": query, "headers": raw, "client": ("10.0.0.7", 5)}
    )


def understood(asked: Request, fields: Mapping[str, str] | None = None) -> tuple[float, Said, Ask]:
    """All three readings, as the route does them; receipt was at 100 s."""
    given = Given(asked.scope, tuple((fields or {}).items()))
    until, said = asking.deadline(100.0, given, SETTINGS), asking.said(given)
    return until, said, asking.ask(given, until, SETTINGS)


def ask(fields: Mapping[str, str] | None = None, **query: object) -> Ask:
    return understood(request(urlencode(query, doseq=True).encode()), fields)[2]


VALUES = (
    st.text(max_size=40)
    | st.from_regex(r"[0-9]{1,8}|-?[0-9.e_]{1,9}|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}(Z|z|[+-][0-9]{2}:[0-9]{2})")
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["box", "track"]), inner),
    ).map(json.dumps)
)
NAMES = st.sampled_from([*QUERY, *HEADERS]) | st.text(max_size=10)


@given(
    st.lists(st.tuples(NAMES, VALUES), max_size=4).map(lambda pairs: urlencode(pairs).encode())
    | st.binary(max_size=80),
    st.dictionaries(st.sampled_from([*HEADERS.values()]), st.binary(max_size=140)),
    st.dictionaries(NAMES, VALUES, max_size=3),
)
@example(b"%", {}, {})
@example(b"regions=" + b"%5B" * 2000, {}, {})
@example(b"top=%D9%A3", {}, {})  # a digit, but none of ours
@example(b"", {b"x-deadline-ms": b"1e999"}, {})
@example(b"", {b"x-captured-at": b"9999-99-99T99:99:99+99:99"}, {})
@example(b"regions=[[0,0," + b"9" * 5000 + b",1]]", {}, {})
def test_any_text_is_understood_or_refused(query: bytes, headers: dict[bytes, bytes], fields: dict[str, str]) -> None:
    try:
        until, said, wanted = understood(request(query, headers), fields)
    except RoadsightError as refusal:
        assert 400 <= refusal.status < 500
        assert str(refusal)
        return
    assert until <= 100 + SETTINGS.max_deadline_ms / 1e3
    assert wanted.top >= 0
    assert len(wanted.regions) <= SETTINGS.max_regions
    for echoed in (said.frame_id, said.camera_id, said.captured_at, *(region.track for region in wanted.regions)):
        assert echoed is None or (echoed.encode() and len(echoed) <= 128)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=128))
def test_every_printable_id_is_echoed_as_sent(text: str) -> None:
    _, said, wanted = understood(request(headers={b"x-frame-id": text.encode(), b"x-camera-id": text.encode()}))
    assert (said.frame_id, said.camera_id, wanted.camera) == (text, text, text)


@pytest.mark.parametrize("bad", [b"", b"x" * 129, b"tab\there", b"\xc3\xbc", b"\x00", b"a\x7f"])
@pytest.mark.parametrize("header", ["x-frame-id", "x-camera-id"])
def test_an_id_that_is_not_printable_is_refused_by_name(header: str, bad: bytes) -> None:
    with pytest.raises(BadParameter, match=header.removeprefix("x-").replace("-", "_")):
        understood(request(headers={header.encode(): bad}))


def test_what_is_not_said_has_a_default() -> None:
    until, said, wanted = understood(request())
    assert until == 105
    assert said == Said(None, None, None)
    assert wanted == Ask(deadline=105, camera="10.0.0.7", tasks=(), version=None, regions=(), top=5, suspicion=False)


def test_query_and_field_say_the_same_thing() -> None:
    both: dict[str, Any] = {
        "regions": "[[0,0,9,9]]",
        "top": "3",
        "version": "1.0.0",
        "task": "colour",
        "suspicion": "true",
    }
    assert ask(**both) == ask(fields=both)


@pytest.mark.parametrize("name", ["regions", "top", "version", "suspicion"])
def test_query_and_field_can_not_both_say_it(name: str) -> None:
    with pytest.raises(BadParameter, match=f"{name}: given more than once"):
        ask({name: "1"}, **{name: "1"})


def test_tasks_of_query_and_field_add_up() -> None:
    assert ask({"task": "c"}, task=["a", "b"]).tasks == ("a", "b", "c")


@pytest.mark.parametrize("top", ["-1", "+1", "1.0", "1e1", " 1", "0x1", "1_0", "٣", "1000000", "None"])
def test_top_is_a_whole_number_in_plain_digits(top: str) -> None:
    with pytest.raises(BadParameter, match="top"):
        ask(top=top)


@pytest.mark.parametrize(("said", "meant"), [("true", True), ("false", False), ("", False)])
def test_suspicion_is_wanted_or_not(said: str, meant: bool) -> None:
    assert ask(suspicion=said).suspicion is meant


@pytest.mark.parametrize("said", ["1", "yes", "True", "TRUE", " true", "null", "x" * 500])
def test_a_flag_is_true_or_false_in_these_words(said: str) -> None:
    with pytest.raises(BadParameter, match="suspicion: expected true or false") as refusal:
        ask(suspicion=said)
    assert len(str(refusal.value)) < 120


@pytest.mark.parametrize(
    "when",
    [
        "0",
        "9999999999999999999",
        "2026-05-04T10:00:00Z",
        "2026-05-04t10:00:00z",
        "2026-05-04 10:00:00.5-23:59",
        "2024-02-29T23:59:59.999999999+00:00",
    ],
)
def test_a_capture_time_is_nanoseconds_or_rfc_3339(when: str) -> None:
    assert understood(request(headers={b"x-captured-at": when.encode()}))[1].captured_at == when


@pytest.mark.parametrize(
    "when",
    [
        "-1",
        "1.5",
        "10000000000000000000",
        "2026-05-04",
        "2026-05-04T10:00Z",
        "20260504T100000Z",
        "2026-02-29T10:00:00Z",
        "2026-05-04T25:00:00Z",
        "2026-05-04T10:00:00+0200",
        "2026-05-04T10:00:00.Z",
        "2026-05-04T10:00:00Z trailing",
        "2026-W19-1T10:00:00Z",
    ],
)
def test_any_other_capture_time_is_refused(when: str) -> None:
    with pytest.raises(BadParameter, match="captured_at"):
        understood(request(headers={b"x-captured-at": when.encode()}))


@pytest.mark.parametrize("name", ["frame", "Top", "tasks", "x-frame-id", "", "a" * 5000])
def test_an_unknown_name_is_refused_in_few_words(name: str) -> None:
    for asked, fields in ((request(urlencode({name: "1"}).encode()), {}), (request(), {name: "1"})):
        with pytest.raises(BadParameter, match="there are: task, regions, top, version") as refusal:
            understood(asked, fields)
        assert len(str(refusal.value)) < 120


def test_a_form_may_name_several_tasks() -> None:
    given = Given(request().scope, (("task", "colour"), ("task", "size")))
    assert asking.ask(given, 0.0, SETTINGS).tasks == ("colour", "size")
