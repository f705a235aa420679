"""Without being asked for, checks are not there, and cost nothing at the start."""

import logging
from pathlib import Path

import httpx
import pytest

import colour_gradient
import colours
from checking import RED_PNG, checking
from roadsight_models.errors import GoldenMismatch
from roadsight_models.robustness.catalogue import ATTACKS
from roadsight_service.registry import open_registry
from roadsight_service.settings import Settings
from running import PNG, serve

IN_L0 = {name for name, (first, *_) in ATTACKS.items() if first.norms == ("l0",)}


def test_by_default_the_route_is_not_there(tmp_path: Path) -> None:
    colour_gradient.save(tmp_path)
    with serve(Settings(bundles=tmp_path)) as url:
        refused = httpx.post(f"{url}/v1/robustness", content=RED_PNG, headers=PNG)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
        assert "/v1/robustness" not in httpx.get(f"{url}/openapi.json").json()["paths"]
        assert httpx.post(f"{url}/v1/classify", content=RED_PNG, headers=PNG).status_code == 200


def test_switched_on_it_is_there_and_documented(tmp_path: Path) -> None:
    with checking(tmp_path) as house:
        document = httpx.get(f"{house.url}/openapi.json").json()
        operation = document["paths"]["/v1/robustness"]["post"]
        assert {"200", "401", "403", "404", "422", "429", "504"} <= operation["responses"].keys()
        fields = operation["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"].keys()
        named = {p["name"].removeprefix("X-").replace("-", "_").lower() for p in operation["parameters"]}
        assert fields == named | {"frame"}
        attacks = next(p["schema"]["enum"] for p in operation["parameters"] if p["name"] == "attack")
        for attack in attacks:
            in_l0 = "&norm=l0&epsilon=0.1" if attack in IN_L0 else ""
            answer = house.check(f"attack={attack}&label=red{in_l0}")
            assert (answer.status_code, answer.json().get("clean", answer.json())["status"]) == (200, "ok"), attack


def test_gradients_are_opened_only_when_they_are_wanted(tmp_path: Path) -> None:
    colour_gradient.save(tmp_path, colour_gradient.changed(_of_nothing))
    settings = Settings(bundles=tmp_path, provider="cpu")
    assert open_registry(settings).gradients == {}
    with pytest.raises(GoldenMismatch):
        open_registry(settings.model_copy(update={"robustness_enabled": True}))


def _of_nothing(model: object) -> None:
    for tensor in model.graph.initializer:  # type: ignore[attr-defined]
        if tensor.name == "share":
            tensor.raw_data = bytes(4)


def test_the_start_says_whom_a_white_box_attack_can_not_check(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    colours.save(tmp_path, name="blind", task="shade")
    colour_gradient.save(tmp_path)
    with caplog.at_level(logging.WARNING):
        registry = open_registry(Settings(bundles=tmp_path, provider="cpu", robustness_enabled=True))
    assert list(registry.gradients) == ["colour"]
    assert "shade was published without a gradient" in caplog.text
