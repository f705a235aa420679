"""The client's connections, to the real service and to sockets that behave badly."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from client.sockets import answering, drip, reply, server
from pictures import BLUE, RED, encoded, striped
from roadsight_client import Client, ClientError, Problem, QueueFull, Unreachable
from running import metric, serve_watched

FRAME = encoded(striped(RED, BLUE), ".jpg")


def until_hung_up(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def hang_up(connection: socket.socket) -> None:
    connection.recv(10)


def break_off(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"frame": ')


def speak_another_language(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example.org ESMTP\r\n")
    connection.recv(65536)


@pytest.mark.parametrize("behave", [hang_up, break_off, speak_another_language])
def test_a_server_that_behaves_badly_is_unreachable(behave: Callable[[socket.socket], None]) -> None:
    with server(behave) as (url, _), Client(url, timeout_s=5) as client, pytest.raises(Unreachable, match=url):
        client.classify(FRAME)


def test_a_server_that_never_answers_is_given_up() -> None:
    with server(until_hung_up) as (url, _), Client(url, timeout_s=0.1) as client:
        with pytest.raises(Unreachable):
            client.classify(FRAME)
        with pytest.raises(Unreachable):
            client.ready()


def test_an_answer_that_drips_is_given_up() -> None:
    with server(drip) as (url, _), Client(url, timeout_s=0.2) as client, pytest.raises(Unreachable, match=url):
        client.classify(FRAME)


def test_calls_share_one_connection_also_after_a_refusal() -> None:
    with server(answering(reply("503 Service Unavailable", "{}"))) as (url, accepted), Client(url) as client:
        for _ in range(3):
            assert not client.ready()
    assert len(accepted) == 1


def test_a_service_that_was_full_for_a_moment_is_asked_again() -> None:
    full = reply("429 Too Many Requests", '{"code": "queue_full", "detail": "full"}', "Retry-After: 0")
    with server(answering(full, full, reply("200 OK", '{"models": []}'))) as (url, accepted), Client(url) as client:
        assert client.models() == ()
    assert len(accepted) == 1
    with server(answering(full)) as (url, _), Client(url, retries=0) as client, pytest.raises(QueueFull) as caught:
        client.models()
    assert caught.value.retry_after_s == 0


def test_a_refusal_does_not_spoil_the_next_call(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, _), Client(url) as client:
        for refused in ({"tasks": ["smell"]}, {"regions": [(9, 9, 0, 0)]}, {"deadline_ms": 0.0}, {"top": -1}):
            with pytest.raises(Problem):
                client.classify(FRAME, **refused)
            assert client.classify(FRAME).frame.width == 80


def test_one_client_may_be_used_by_many_threads(tmp_path: Path) -> None:
    def ask(number: int) -> tuple[str | None, str]:
        box = [(0, 0, 40, 40), (40, 0, 80, 40)][number % 2]
        answer = client.classify(FRAME, [box], frame_id=str(number), camera_id=str(number % 3))
        return answer.frame.id, answer.regions[0].results[0].predictions[0].label

    with serve_watched(tmp_path, lanes=2) as (url, _), Client(url) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(80)))
        assert answers == [(str(i), ("red", "blue")[i % 2]) for i in range(80)]
        assert metric(url, 'roadsight_requests_total{code="200",route="/v1/classify"}') == 80


def test_a_connection_that_the_service_closed_meanwhile_is_replaced() -> None:
    closed = threading.Event()

    def answer_once(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    with server(answer_once) as (url, accepted), Client(url) as client:
        for _ in range(3):
            closed.clear()
            assert client.ready()
            assert closed.wait(5)
        assert len(accepted) == 3


def test_a_closed_client_is_closed() -> None:
    client = Client("http://127.0.0.1:9")
    client.close()
    client.close()
    with pytest.raises((RuntimeError, ClientError)):
        client.ready()
