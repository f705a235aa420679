"""Every setting: its bounds hold, from code and from the environment, and a wrong one stops the start."""

import math
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from roadsight_models import gpu
from roadsight_service.settings import Settings


def bounds(field: FieldInfo) -> dict[str, float]:
    return {name: getattr(rule, name) for rule in field.metadata for name in ("ge", "gt", "le") if hasattr(rule, name)}


KINDS = (int, float, int | None)
NUMBERS = {name: bounds(field) for name, field in Settings.model_fields.items() if field.annotation in KINDS}
TOO_LOW = [(name, rule["ge"] - 1 if "ge" in rule else rule["gt"]) for name, rule in NUMBERS.items()]
TOO_HIGH = [(name, rule["le"] + 1) for name, rule in NUMBERS.items()]
LOWEST = [(name, rule["ge"]) for name, rule in NUMBERS.items() if "ge" in rule]
HIGHEST = [(name, rule["le"]) for name, rule in NUMBERS.items()]


@pytest.mark.parametrize(("name", "value"), TOO_LOW + TOO_HIGH)
def test_a_number_out_of_bounds_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({name: value})


@pytest.mark.parametrize(("name", "value"), LOWEST + HIGHEST)
def test_the_bounds_themselves_are_allowed(name: str, value: float) -> None:
    assert getattr(Settings.model_validate({name: value}), name) == value


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "many", ""])
def test_what_is_no_number_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("provider", "gpu"),
        ("log_level", "loud"),
        ("lanes", "1.5"),
        ("watch_trial", "canary"),
        ("watch_trial", '{"canary": NaN}'),
        ("watch_trial", '{"bundle": "colours"}'),
    ],
)
def test_a_value_that_there_is_not_is_refused_from_the_environment(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ROADSIGHT_{name.upper()}", value)
    with pytest.raises(ValidationError, match=name):
        Settings()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_can_be_said_in_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other: dict[str, Any] = {
        "host": "::1", "bundles": "elsewhere", "models": "a,b@1.0.0", "provider": "cpu", "precision": "int8",
        "engine_cache": "cache", "log_level": "debug", "robustness_enabled": True, "keys": "{}",
        "trusted_keys": "a.pub,b.pub", "log_format": "json", "traces": "http://collector:4318",
        "watch_trial": '{"shadow_frames":9}',
    }  # fmt: skip
    said = str(other.get(name, int(NUMBERS.get(name, {}).get("le", 0))))
    monkeypatch.setenv(f"ROADSIGHT_{name.upper()}", said)
    got = getattr(Settings(), name)
    assert (",".join(map(str, got)) if isinstance(got, tuple) else str(got).removesuffix(".0")) == said


@pytest.mark.parametrize(
    ("said", "models"), [("", ()), (" , ", ()), ("a", ("a",)), (" a , b@1.0.0,", ("a", "b@1.0.0"))]
)
def test_a_list_of_models_may_be_written_loosely(
    said: str, models: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADSIGHT_MODELS", said)
    assert Settings().models == models


def test_settings_never_change_once_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().lanes = 3  # type: ignore[misc]  # mypy knows it too


def test_every_setting_has_a_default_and_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert not field.is_required(), name
        assert field.description, name
        assert field.description.endswith("."), name


def test_on_a_gpu_two_lanes_share_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, cuda = Settings(provider="cpu"), Settings(provider="cuda")
    assert cuda.lanes == 2 * cpu.lanes
    assert cuda.cores == cpu.cores == cpu.lanes
    assert Settings(provider="cuda", lanes=5).cores == 3
    for there_is, each in ((False, cpu), (True, cuda)):
        monkeypatch.setattr(gpu, "no_gpu", lambda there_is=there_is: None if there_is else "none")
        assert Settings(provider="auto").lanes == each.lanes
