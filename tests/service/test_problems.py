"""One handler for the whole family of errors: status, code and words; never a word about our own faults."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from roadsight_models import errors
from roadsight_models.errors import RoadsightError
from roadsight_service.request_log import OURS
from roadsight_service.routes.inference_protocol import answers
from roadsight_service.routes.problems import answer_to, install, problem, tell

ROOT = Path(__file__).parents[2]
PAGE, DESIGN = ((ROOT / "docs" / name).read_text() for name in ("api.md", "design.md"))
SECRET = "/srv/secret/key.pem"


def family(base: type[RoadsightError] = RoadsightError) -> Iterator[type[RoadsightError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from family(kind)


# Only errors of this package: other rooms have branches of the family that no request can meet.
FAMILY = [kind for kind in family() if kind.__module__ == errors.__name__]
SEEN = [kind for kind in FAMILY if kind.status != 500]
OUR_FAULT = [kind for kind in FAMILY if kind.status == 500]


def made(kind: type[RoadsightError]) -> RoadsightError:
    """One error of each kind that has something to say."""
    special: dict[type[RoadsightError], tuple[Any, ...]] = {
        errors.UnknownTask: ("smell", ("colour",)),
        errors.UnknownVersion: ("colour", "9.9.9", "1.0.0"),
        errors.BadRegion: (3, [9, 9, 0, 0], "inverted"),
        errors.BadParameter: ("top", "not a number"),
        errors.LoadFailed: ("golden_mismatch", "far off"),
        errors.DeadlineMissed: ("decode",),
        errors.BadBundle: (Path(SECRET), "damaged"),
        errors.UntrustedBundle: (Path(SECRET), "nobody signed it"),
        errors.BadKey: (Path(SECRET), "no key"),
        errors.UntrustedBundle: (Path(SECRET), "not signed"),
        errors.BadKey: (Path(SECRET), "no key"),
    }
    return kind(*special.get(kind, (SECRET,)))


async def told(error: Exception) -> httpx.Response:
    app = FastAPI()
    install(app)
    answers.install(app)

    @app.get("/")
    async def fail() -> None:
        raise error

    return await asked(app)


async def asked(app: ASGIApp) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.get("/")


@pytest.mark.parametrize("kind", SEEN)
async def test_a_client_is_told_status_code_and_words(kind: type[RoadsightError]) -> None:
    error = made(kind)
    response = await told(error)
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (kind.status, kind.status, kind.code)
    assert body["detail"] == str(error)
    assert body["type"] == f"urn:roadsight:problem:{kind.code}"
    assert body["title"] == HTTPStatus(kind.status).phrase


@pytest.mark.parametrize("error", [*map(made, FAMILY), ValueError(SECRET)], ids=lambda error: type(error).__name__)
async def test_a_route_past_the_layers_is_answered_alike(error: Exception) -> None:
    one, other = await told(error), tell({"headers": []}, error)
    assert (one.status_code, one.headers.raw, one.content) == (other.status_code, other.raw_headers, other.body)


@pytest.mark.parametrize("kind", SEEN)
def test_api_page_and_design_list_it(kind: type[RoadsightError]) -> None:
    assert f"| {kind.status} | `{kind.code}` |" in PAGE
    assert f"`{kind.code}`" in DESIGN


def test_the_page_lists_no_code_that_is_gone() -> None:
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith(("| 4", "| 5"))]
    assert {(int(row[1]), row[2].strip(" `")) for row in rows} == {(kind.status, kind.code) for kind in SEEN}


def test_codes_differ_and_statuses_are_the_clients_or_a_matter_of_time() -> None:
    assert len({kind.code for kind in FAMILY}) == len(FAMILY)
    assert all(400 <= kind.status < 500 or kind.status in {503, 504} for kind in SEEN)


@pytest.mark.parametrize("error", [*map(made, OUR_FAULT), RoadsightError(SECRET), OSError(SECRET), KeyError(SECRET)])
async def test_our_own_faults_have_a_fixed_text(error: Exception) -> None:
    response = await told(error)
    assert (response.status_code, response.json()["code"], response.json()["detail"]) == (500, "internal", OURS)
    assert SECRET not in response.text
    assert response.headers["content-type"] == "application/problem+json"


async def test_some_errors_carry_more_than_words() -> None:
    assert (await told(made(errors.BadRegion))).json()["index"] == 3
    assert (await told(made(errors.UnknownTask))).json()["tasks"] == ["colour"]
    assert (await told(made(errors.LoadFailed))).json()["reason"] == "golden_mismatch"
    assert (await told(errors.QueueFull("full", retry_after_s=7))).headers["retry-after"] == "7"


async def test_an_error_of_the_router_is_a_problem_and_keeps_its_headers() -> None:
    response = await told(HTTPException(418, "no coffee", {"X-Pot": "short"}))
    assert response.json() == {
        "type": "urn:roadsight:problem:i'm_a_teapot",
        "title": "I'm a Teapot",
        "status": 418,
        "code": "i'm_a_teapot",
        "detail": "no coffee",
    }
    assert response.headers["x-pot"] == "short"


TEXT = st.text(st.characters())  # half characters too, which JSON can spell and UTF-8 can't


@given(TEXT, st.sampled_from([400, 404, 422, 503]), st.dictionaries(st.sampled_from(["index", "tasks"]), TEXT))
def test_a_problem_is_json_whatever_it_quotes(detail: str, status: int, members: dict[str, str]) -> None:
    response = problem(status, "code", detail, **members)
    body = bytes(response.body)
    assert body.isascii()
    assert json.loads(body) == {"detail": detail, "status": status, "code": "code"} | members | {
        "type": "urn:roadsight:problem:code",
        "title": HTTPStatus(status).phrase,
    }


@given(TEXT, st.lists(st.integers() | st.floats() | TEXT))
def test_what_a_client_sent_can_be_quoted_back(text: str, box: list[object]) -> None:
    for error in (
        errors.UnknownTask(text, (text,)),
        errors.UnknownVersion(text, text, text),
        errors.BadRegion(0, box, text),
        errors.BadParameter(text, text),
        errors.BadImage(text),
    ):
        assert json.loads(bytes(answer_to(error).body))["detail"] == str(error)
