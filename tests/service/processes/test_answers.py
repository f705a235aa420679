"""Lanes that are processes answer what lanes that are threads answer, errors included."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

import colours
from pictures import BLUE, GREEN, RED, encoded, png_header, striped
from roadsight_service.registry import open_registry
from roadsight_service.settings import Settings
from running import PNG, post, serve
from service.processes.lanes import Running, serve_processes

FRAME = encoded(striped(RED, GREEN, BLUE))  # 120 x 40
LIMITS = {"max_pixels": 100_000, "max_body_bytes": 100_000}
Pair = tuple[str, Running]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    root = tmp_path_factory.mktemp("bundles")
    colours.save(root)
    colours.save(root, name="shades", task="shade", version="2.0.0", labels=("r", "g", "b"), temperature=3.0)
    threads = Settings.model_validate({"bundles": root, "provider": "cpu", "lanes": 2} | LIMITS)
    with serve(threads, open_registry) as url, serve_processes(root, **LIMITS) as running:
        yield url, running


def told(response: httpx.Response) -> tuple[int, str | None, Any]:
    said = response.json()
    timings = said.pop("timings_ms", None)
    if timings is not None:
        assert timings["total"] >= sum(timings.values()) - timings["total"] - 0.01
    return response.status_code, response.headers.get("retry-after"), said


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?task=shade",
        "?task=shade&task=colour&top=1",
        "?top=0",
        "?regions=[[0,0,40,40],[40,0,80,40],[80.5,0,120,39.5]]",
        '?regions=[{"box":[-5,-5,60,60],"track":"7"},[100,0,500,40]]',
        "?regions=[[0,0,2,2],[0,0,40,40],[50,0,53,40]]",
        "?regions=[[0,0,40,40],[0,0,2,2]]&suspicion=true",
        "?suspicion=true&top=0",
        f"?regions={json.dumps([[x, 0, x + 20, 40] for x in range(100)])}",
        f"?regions={json.dumps([[x, 0, x + 20, 40] for x in range(100)])}&suspicion=true",
        "?regions=[[0,0,40,40],[200,0,300,40]]",
        f"?regions={json.dumps([[x, 0, x + 20, 40] for x in range(0, 130, 2)])}",  # the last ones lie outside
        "?task=smell",
        "?version=2.0.0",
        "?top=many",
        "?regions=[]",
    ],
)
def test_the_answer_to_every_question_is_the_same(pair: Pair, query: str) -> None:
    assert told(post(pair[1].url, body=FRAME, query=query)) == told(post(pair[0], body=FRAME, query=query))


@pytest.mark.parametrize(
    "body",
    [b"text", FRAME[:-30], png_header(60_000, 60_000), png_header(0, 5), bytes(100_001), b"", encoded(striped(RED))],
)
def test_so_is_the_answer_to_every_body(pair: Pair, body: bytes) -> None:
    assert told(post(pair[1].url, body=body)) == told(post(pair[0], body=body))


def test_a_deadline_that_has_passed_is_told_in_the_same_words(pair: Pair) -> None:
    assert told(post(pair[1].url, deadline_ms=0)) == told(post(pair[0], deadline_ms=0))


def test_frames_at_once_each_get_their_own_answer(pair: Pair) -> None:
    shades = [(level, 0, 255 - level) for level in range(0, 256, 5)]
    bodies = [encoded(striped(shade)) for shade in shades]

    def ask(url: str) -> list[Any]:
        with httpx.Client(verify=False) as client:
            return [told(client.post(f"{url}/v1/classify", content=body, headers=PNG)) for body in bodies]

    expected = ask(pair[0])
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda body: told(post(pair[1].url, body=body)), bodies)) == expected


@pytest.mark.parametrize("route", ["/readyz", "/v1/models"])
def test_the_service_says_the_same_of_its_models(pair: Pair, route: str) -> None:
    assert httpx.get(pair[1].url + route).json() == httpx.get(pair[0] + route).json()


def test_every_series_of_one_kind_is_a_series_of_the_other(pair: Pair) -> None:
    def names(url: str) -> set[str]:
        for query in ("", "?task=smell"):
            post(url, body=FRAME, query=query)
        lines = httpx.get(f"{url}/metrics").text.splitlines()
        wanted = ("roadsight_stage", "roadsight_model", "roadsight_pred", "roadsight_batch", "roadsight_ready")
        return {line.rpartition(" ")[0] for line in lines if line.startswith(wanted) and "_created" not in line}

    assert names(pair[1].url) == names(pair[0])
