"""Keys: of which the service knows only the SHA-256, and what each is good for."""

import hashlib
import json
from collections.abc import Iterator

import httpx
import pytest
from pydantic import ValidationError

from checking import RED_PNG, House, checking
from roadsight_models.errors import Forbidden, Unauthorized
from roadsight_service.access import Access
from roadsight_service.settings import Settings
from running import PNG


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


KEYS = {digest("car"): ("classify",), digest("lab"): ("classify", "robustness"), digest("red team"): ("robustness",)}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with checking(tmp_path_factory.mktemp("bundles"), keys=json.dumps(KEYS)) as house:
        yield house


def ask(house: House, route: str, authorization: str | None) -> httpx.Response:
    said = PNG if authorization is None else PNG | {"Authorization": authorization}
    return httpx.post(f"{house.url}/v1/{route}", content=RED_PNG, headers=said)


@pytest.mark.parametrize(
    ("key", "classify", "robustness"), [("car", 200, 403), ("lab", 200, 200), ("red team", 403, 200)]
)
def test_a_key_is_good_for_its_scopes(house: House, key: str, classify: int, robustness: int) -> None:
    assert ask(house, "classify", f"Bearer {key}").status_code == classify
    assert ask(house, "robustness", f"bearer {key}").status_code == robustness


@pytest.mark.parametrize("said", [None, "", "Bearer", "Bearer van", "Basic car", "car", f"Bearer {digest('car')}"])
@pytest.mark.parametrize("route", ["classify", "robustness"])
def test_without_a_known_key_nothing_is_read(house: House, route: str, said: str | None) -> None:
    refused = ask(house, route, said)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    assert refused.headers["www-authenticate"] == "Bearer"
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_key_for_something_else_is_told_what_it_is_for(house: House) -> None:
    refused = ask(house, "robustness", "Bearer car").json()
    assert (refused["status"], refused["code"]) == (403, "forbidden")
    assert "classify" in refused["detail"]


def test_what_the_service_says_of_itself_needs_no_key(house: House) -> None:
    assert all(
        httpx.get(house.url + path).status_code == 200 for path in ("/livez", "/readyz", "/metrics", "/v1/models")
    )


def test_without_keys_everybody_may() -> None:
    Access(None).check(None, "robustness")


def test_with_an_empty_list_of_keys_nobody_may() -> None:
    with pytest.raises(Unauthorized):
        Access({}).check("Bearer car", "classify")
    with pytest.raises(Forbidden):
        Access({digest("car"): ()}).check("Bearer car", "classify")


def test_keys_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADSIGHT_KEYS", json.dumps(KEYS))
    assert Settings().keys == KEYS


@pytest.mark.parametrize("said", ["", "car", "[]", '{"car": ["classify"]}', f'{{"{digest("car")}": ["everything"]}}'])
def test_keys_that_can_not_be_read_stop_the_start(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADSIGHT_KEYS", said)
    with pytest.raises(ValidationError, match="keys"):
        Settings()
