"""Addresses, keys, ids and deadlines at their edges: what can't be is told at once, in words, and secrets are kept."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.sockets import answering, reply, server
from roadsight_client import AsyncClient, BadParameter, CameraFrame, Client, Unreachable
from roadsight_client.frames import check_id, printable

NO_MODELS = reply("200 OK", '{"models": []}')
NO_ADDRESSES = ["http://h:bad", "http://[::1", "http://\u2603.example", f"http://{'a' * 64}.example", "http://a..b"]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_a_url_that_is_none_is_told_when_the_client_is_made(url: str, kind: type[Client | AsyncClient]) -> None:
    with pytest.raises(Unreachable, match=r"^http://"):
        kind(url)


@pytest.mark.parametrize(
    "host", ["a" * 63 + ".example", "a_b.", "[::1]", "m\u00fcnchen.example", "xn--mnchen-3ya.example"]
)
def test_a_name_as_long_as_may_be_or_of_an_odd_kind_is_one(host: str) -> None:
    with Client(f"http://{host}:9") as client:
        assert client.url == f"http://{host}:9"


def test_a_port_that_can_not_be_ends_a_stream_at_once() -> None:
    with Client("http://127.0.0.1:99999") as client, pytest.raises(Unreachable, match=r"^http://"):
        next(client.stream([CameraFrame(b"?")], patience_s=60))


@pytest.mark.parametrize(
    "url",
    [
        "http://user:sesame@127.0.0.1:9",
        "http://user:s@sesame@127.0.0.1:9",
        "http://sesame@127.0.0.1:9",
        "http://user:sesame@127.0.0.1:no",
        "user:sesame@127.0.0.1:9",
    ],
)
def test_a_password_in_the_url_is_told_nobody_and_the_host_is(url: str) -> None:
    def ask() -> None:
        with Client(url, retries=0) as client:
            client.models()

    def stream() -> None:
        with Client(url) as client:
            list(client.stream([CameraFrame(b"?")], patience_s=0))

    for call in (ask, stream):
        with pytest.raises(Unreachable, match=r"^(http://)?127\.0\.0\.1:(9|no): ") as caught:
            call()
        assert "sesame" not in str(caught.value)


def test_a_scheme_is_the_same_in_capitals() -> None:
    with Client("HTTP://127.0.0.1:9") as client, pytest.raises(Unreachable, match="Connect"):
        next(client.stream([CameraFrame(b"?")], patience_s=0))


@pytest.mark.parametrize("key", ["", "sesame\n", " sesame", "open sesame", "s\u00e9same"])
def test_a_key_that_can_not_travel_is_refused_and_not_told(key: str) -> None:
    with pytest.raises(ValueError, match="the key is none") as caught:
        Client("http://127.0.0.1:9", key=key)
    assert "same" not in str(caught.value)


def test_an_empty_environment_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADSIGHT_URL", "")
    monkeypatch.setenv("ROADSIGHT_KEY", "")
    with Client.from_env() as client:
        assert (client.url, client._headers) == ("http://127.0.0.1:8080", {})
    monkeypatch.setenv("ROADSIGHT_KEY", "lab")
    with Client.from_env(url="http://else:1") as client:
        assert (client.url, client._headers) == ("http://else:1", {"Authorization": "Bearer lab"})


@given(st.text())
def test_any_name_that_is_not_blank_makes_an_id(name: str) -> None:
    made = printable(name)
    assert printable(made) == made
    if made:
        check_id(made)
        assert CameraFrame(b"", made, made).camera == made


def test_a_cut_name_does_not_begin_with_a_space() -> None:
    assert printable("left " + "x" * 127) == "x" * 127


@pytest.mark.parametrize("name", [" ", " a", "a ", "a\nb", "a\r\nX-Deadline-Ms: 0", "x" * 129, "\u00e9"])
@pytest.mark.parametrize("said", ["frame_id", "camera_id", "captured_at"])
def test_what_no_header_can_carry_is_told_before_anybody_is_asked(said: str, name: str) -> None:
    with server(answering(NO_MODELS)) as (url, accepted), Client(url) as client:
        with pytest.raises(ValueError, match="is no id"):
            client.classify(b"", **{said: name})  # type: ignore[arg-type]
        if said == "frame_id":
            with pytest.raises(ValueError, match="is no id"):
                client.robustness(b"", frame_id=name)
    assert accepted == []


@pytest.mark.parametrize("deadline_ms", [math.inf, math.nan, -1.0, 1e30])
def test_a_deadline_that_is_none_is_for_the_service_to_refuse(deadline_ms: float) -> None:
    refused = reply("422 Unprocessable", '{"code": "bad_parameter", "detail": "X-Deadline-Ms"}')
    with server(answering(refused)) as (url, _), Client(url) as client, pytest.raises(BadParameter):
        client.classify(b"", deadline_ms=deadline_ms)


@pytest.mark.parametrize("timeout_s", [math.inf, 1e300])
def test_who_would_wait_for_ever_waits_for_an_hour(timeout_s: float) -> None:
    with server(answering(NO_MODELS)) as (url, _), Client(url, timeout_s=timeout_s) as client:
        assert client.models() == ()


@pytest.mark.parametrize("source", [42, None])
def test_frames_that_are_none_end_a_stream_with_their_own_error(source: Any) -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(TypeError, match="not iterable"):
        next(client.stream(source))


def test_a_stream_of_nothing_asks_nobody() -> None:
    with server(answering(NO_MODELS)) as (url, accepted), Client(url) as client:
        assert list(client.stream([])) == []
    assert accepted == []
