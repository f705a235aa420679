"""The closed loop, with the real wrk."""

from pathlib import Path

import pytest

import colours
from bench.impostor import impostor, nobody
from roadsight_bench.closed_loop import run
from roadsight_bench.errors import LoadFailed
from roadsight_bench.wrk import Tool
from roadsight_service.settings import Settings
from running import metric, serve

CONNECTIONS = 4


def test_the_service_answers_and_nothing_fails(tool: Tool, tmp_path: Path, picture: Path) -> None:
    colours.save(tmp_path)
    with serve(Settings(bundles=tmp_path, provider="cpu")) as url:
        found = run(tool, f"{url}/v1/classify", [str(picture)], CONNECTIONS, 1)
        assert found.failed == 0 < found.answers_per_s
        assert 0 < found.p50_ms <= found.p99_ms
        assert 0 < found.generator_cores <= 1
        assert metric(url, 'roadsight_requests_total{code="200",route="/v1/classify"}') > 0


def test_bodies_are_sent_in_turn(tool: Tool, tmp_path: Path) -> None:
    bodies = [tmp_path / f"{size}.jpg" for size in (3, 5)]
    for body in bodies:
        body.write_bytes(b"x" * int(body.stem))
    with impostor() as server:
        run(tool, server.url, [str(body) for body in bodies], 1, 1)
        lengths = [line for head in server.heads for line in head.splitlines() if line.startswith("Content-Length")]
    assert {lengths[0], lengths[1]} == {"Content-Length: 3", "Content-Length: 5"}
    assert lengths[2:4] == lengths[:2]
    assert all("POST /v1/classify" in head and "image/jpeg" in head for head in server.heads)


def test_bodies_are_sent_with_the_headers_of_their_form(tool: Tool, picture: Path) -> None:
    with impostor() as server:
        run(tool, server.url, [str(picture)], 1, 1, {"Content-Type": "text/strange", "X-Other": "1"})
    assert all("Content-Type: text/strange" in head and "X-Other: 1" in head for head in server.heads)


def test_a_refusal_is_no_answer(tool: Tool, picture: Path) -> None:
    with impostor(503) as server:
        found = run(tool, server.url, [str(picture)], CONNECTIONS, 1)
        assert found.answers_per_s == 0
        assert 0 < found.failed <= len(server.said)


def test_only_the_answers_among_refusals_count(tool: Tool, picture: Path) -> None:
    with impostor(200, 503, 503) as server:
        found = run(tool, server.url, [str(picture)], 1, 1)
        assert found.answers_per_s > 0
        assert abs(found.failed - server.said.count(503)) <= 1  # one may be under way at the end


def test_a_server_that_dies_is_reported(tool: Tool, picture: Path) -> None:
    with impostor(dies_after=20) as server:
        assert run(tool, server.url, [str(picture)], CONNECTIONS, 1).failed > 0


def test_a_server_that_never_answers_gave_no_answers(tool: Tool, picture: Path) -> None:
    with impostor(delay_s=30) as server:
        assert run(tool, server.url, [str(picture)], CONNECTIONS, 1).answers_per_s == 0


def test_where_nobody_listens_there_are_no_figures(tool: Tool, picture: Path) -> None:
    with pytest.raises(LoadFailed, match="unable to connect"):
        run(tool, nobody(), [str(picture)], CONNECTIONS, 1)


def test_what_is_no_wrk_gives_no_figures(tmp_path: Path, picture: Path) -> None:
    fake = tmp_path / "wrk"
    fake.write_text("#!/bin/sh\necho all went well\n")
    fake.chmod(0o755)
    with pytest.raises(LoadFailed, match="all went well"):
        run(Tool(str(fake), {}), nobody(), [str(picture)], CONNECTIONS, 1)
