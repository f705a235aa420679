"""What serves, as a client is told it: labels, figures, and what was measured under attack."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from measured import EIGHT, LOSS, MEASURED, TOP1, WEATHER
from roadsight_client import Client, Metric, Model, Problem, Robustness
from roadsight_client.served import parse
from roadsight_service.registry import Registry
from roadsight_service.settings import Settings
from running import serve, watched_colours


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    session = watched_colours(tmp_path_factory.mktemp("bundles"), **MEASURED)
    with serve(Settings(), lambda _: Registry({"colour": session})) as url, Client(url) as client:
        yield client


@pytest.fixture(scope="module")
def told(client: Client) -> dict[str, Any]:
    return dict(httpx.get(f"{client.url}/v1/models").json())


def test_a_model_is_typed(client: Client) -> None:
    (model,) = client.models()
    assert (model.name, model.task, model.version, model.provider) == ("colours", "colour", "1.0.0", "cpu")
    assert model.labels == ("red", "green", "blue")
    assert model.metrics == (Metric("top1", "test", 0.9, (0.8, 0.95), 100), Metric("loss", "test", 0.1, None, 100))


def test_what_withstood_is_told_beside_the_figures(client: Client) -> None:
    (model,) = client.models()
    both = [Robustness(**(entry | {"interval": (0.47, 0.53)})) for entry in (EIGHT, WEATHER)]
    assert list(model.robustness) == both


def test_the_service_tells_the_manifest_s_own_entries(told: dict[str, Any]) -> None:
    (model,) = told["models"]
    assert (model["metrics"], model["robustness"]) == ([TOP1, LOSS], [EIGHT, WEATHER])


def test_a_model_that_nobody_attacked_says_so(tmp_path: Path) -> None:
    session = watched_colours(tmp_path)
    with serve(Settings(), lambda _: Registry({"colour": session})) as url, Client(url) as client:
        assert [model.robustness for model in client.models()] == [()]


def test_fields_of_a_newer_service_are_ignored_and_an_older_one_tells_of_no_attacks(told: dict[str, Any]) -> None:
    newer, older = copy.deepcopy(told), copy.deepcopy(told)
    for part in (newer, newer["models"][0], newer["models"][0]["metrics"][0], newer["models"][0]["robustness"][0]):
        part["newer"] = 1
    del older["models"][0]["robustness"]
    assert parse(newer) == parse(told)
    assert parse(older)[0].robustness == ()


@pytest.mark.parametrize("name", sorted(set(Model.__annotations__) - {"robustness"}))
def test_an_answer_that_lacks_a_field_is_no_answer_of_roadsight(name: str, told: dict[str, Any]) -> None:
    damaged = copy.deepcopy(told)
    del damaged["models"][0][name]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=damaged))
    with Client("http://service", transport=transport) as client, pytest.raises(Problem, match="200 not_roadsight"):
        client.models()


def test_a_service_that_is_not_ready_is_a_problem() -> None:
    body = {"code": "not_ready", "detail": "the models are not warm yet"}
    transport = httpx.MockTransport(lambda _: httpx.Response(503, json=body))
    with Client("http://service", transport=transport) as client, pytest.raises(Problem, match="503 not_ready"):
        client.models()
