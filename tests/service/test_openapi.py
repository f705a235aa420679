"""`/openapi.json` is true: what it says of the answers is what comes."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from measured import MEASURED
from pictures import BLUE, RED, encoded, striped
from roadsight_models import errors
from roadsight_models.errors import RoadsightError
from roadsight_service.registry import Registry
from roadsight_service.settings import Settings
from running import PNG, serve, watched_colours

FRAME = encoded(striped(RED, BLUE))
METHODS = {"get", "post"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    session = watched_colours(tmp_path_factory.mktemp("bundles"), **MEASURED)
    with serve(Settings(), lambda _: Registry({"colour": session})) as url:
        yield url


@pytest.fixture(scope="module")
def document(url: str) -> dict[str, Any]:
    return dict(httpx.get(f"{url}/openapi.json").json())


def nodes(value: object) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(value, dict):
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from nodes(child)


def resolved(document: dict[str, Any], reference: str) -> dict[str, Any]:
    found: Any = document
    assert reference.startswith("#/")
    for step in reference[2:].split("/"):
        found = found[step]
    return dict(found)


KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
    "boolean": (bool,),
}


def mismatch(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str = "$") -> str | None:
    """Where a value differs from its JSON schema; the part of the language that our document speaks."""
    if "$ref" in schema:
        return mismatch(value, resolved(document, schema["$ref"]), document, at)
    if "anyOf" in schema:
        return None if any(mismatch(value, one, document) is None for one in schema["anyOf"]) else f"{at}: no case fits"
    if wrong := outer_mismatch(value, schema):
        return f"{at}: {wrong}"
    parts = (mismatch(item, one, document, at + where) for where, item, one in inner(value, schema))
    return next(filter(None, parts), None)


def outer_mismatch(value: Any, schema: dict[str, Any]) -> str | None:
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{value!r} is none of {schema['enum']}")
    if "type" in schema and not isinstance(value, KINDS[schema["type"]]):
        found.append(f"{value!r} is no {schema['type']}")
    elif isinstance(value, dict):
        found += [f"without {name}" for name in schema.get("required", ()) if name not in value]
        found += [f"nobody said there was {name}" for name in value if name not in schema.get("properties", {})]
    elif isinstance(value, list) and not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        found.append(f"{len(value)} entries")
    return next(iter(found), None)


def inner(value: Any, schema: dict[str, Any]) -> list[tuple[str, Any, dict[str, Any]]]:
    """Each entry or member: its place, its value, its schema."""
    if isinstance(value, dict):
        return [(f".{name}", item, schema["properties"][name]) for name, item in value.items()]
    if isinstance(value, list):
        schemas = schema.get("prefixItems") or [schema["items"]] * len(value)
        return [(f"[{i}]", item, one) for i, (item, one) in enumerate(zip(value, schemas, strict=True))]
    return []


def answer_schema(document: dict[str, Any], path: str, method: str, status: str, kind: str) -> dict[str, Any]:
    schema = document["paths"][path][method]["responses"][status]["content"][kind]["schema"]
    return resolved(document, schema["$ref"]) if "$ref" in schema else dict(schema)


def members(refused: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Those that every problem has; some have others besides."""
    found = {name: refused[name] for name in schema["properties"]}
    assert refused.keys() - found.keys() <= {"tasks", "index", "reason"}
    return found


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = [node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)]
    assert references
    assert all(resolved(document, reference) for reference in references)


def test_no_schema_is_there_for_nothing(document: dict[str, Any]) -> None:
    used = {node["$ref"].rpartition("/")[2] for node in nodes(document) if isinstance(node.get("$ref"), str)}
    assert used == document["components"]["schemas"].keys()


def test_every_operation_says_what_it_does_under_a_name_of_its_own(document: dict[str, Any]) -> None:
    operations = [path[method] for path in document["paths"].values() for method in path.keys() & METHODS]
    assert all(operation["description"] and operation["summary"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations) >= 5


def test_every_refusal_is_documented_with_its_codes_at_some_route(document: dict[str, Any]) -> None:
    routes = [path["post"]["responses"] for path in document["paths"].values() if "post" in path]
    refusals = [(int(s), r) for responses in routes for s, r in responses.items() if s != "200"]
    documented = {(status, code) for status, refusal in refusals for code in refusal["description"].split(", ")}
    family = [kind for kind in RoadsightError.__subclasses__() if kind.__module__ == errors.__name__]
    protocol = {errors.BadTensor, errors.UnknownModel}  # of /v2, which has a description of its own
    assert documented == {(kind.status, kind.code) for kind in family if kind.status != 500 and kind not in protocol}


def responses(document: dict[str, Any]) -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
    """Path, method, status, content type, and what is said of that answer."""
    for path, operations in document["paths"].items():
        for method in operations.keys() & METHODS:
            for status, response in operations[method]["responses"].items():
                for kind, content in response["content"].items():
                    yield path, method, status, kind, content


def test_every_answer_has_an_example_of_its_documented_form(document: dict[str, Any]) -> None:
    answers = [each for each in responses(document) if each[2] == "200"]
    assert {path for path, *_ in answers} == document["paths"].keys()
    for *at, content in answers:
        assert mismatch(content["example"], answer_schema(document, *at), document) is None


def test_every_code_of_a_refusal_has_an_example_of_its_documented_form(document: dict[str, Any]) -> None:
    for path, method, status, kind, content in (each for each in responses(document) if each[2] != "200"):
        codes = document["paths"][path][method]["responses"][status]["description"].split(", ")
        assert list(content["examples"]) == codes
        schema = answer_schema(document, path, method, status, kind)
        for code, example in content["examples"].items():
            refused = example["value"]
            assert (refused["code"], refused["status"]) == (code, int(status))
            assert mismatch(members(refused, schema), schema, document) is None


def test_what_may_answer_401_says_that_it_takes_a_key(document: dict[str, Any]) -> None:
    operations = [path[method] for path in document["paths"].values() for method in path.keys() & METHODS]
    for operation in operations:  # no keys are set here, so it may be left out
        assert operation.get("security") == ([{"key": []}, {}] if "401" in operation["responses"] else None)


def test_every_refusal_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for method in path.keys() & METHODS:
            refusals = {status: r for status, r in path[method]["responses"].items() if status != "200"}
            assert all(list(r["content"]) == ["application/problem+json"] for r in refusals.values())


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?top=0",
        "?suspicion=true",
        "?regions=[[0,0,40,40],[0.5,0.25,30.75,40]]",
        '?regions=[{"box":[0,0,2,2],"track":"7"},[0,0,9,9]]',
    ],
)
def test_the_answer_has_its_documented_form(url: str, document: dict[str, Any], query: str) -> None:
    headers = PNG | {"X-Frame-Id": "17", "X-Captured-At": "12"}
    answer = httpx.post(f"{url}/v1/classify{query}", content=FRAME, headers=headers).json()
    schema = answer_schema(document, "/v1/classify", "post", "200", "application/json")
    assert mismatch(answer, schema, document) is None


@pytest.mark.parametrize("path", ["/v1/models", "/readyz", "/livez"])
def test_what_the_service_says_of_itself_has_its_documented_form(url: str, document: dict[str, Any], path: str) -> None:
    schema = answer_schema(document, path, "get", "200", "application/json")
    assert mismatch(httpx.get(url + path).json(), schema, document) is None


@pytest.mark.parametrize(("query", "status"), [("?task=smell", 404), ("?top=x", 422), ("?regions=[[9,9,0,0]]", 422)])
def test_a_refusal_has_its_documented_members(url: str, document: dict[str, Any], query: str, status: int) -> None:
    refused = httpx.post(f"{url}/v1/classify{query}", content=FRAME, headers=PNG).json()
    schema = answer_schema(document, "/v1/classify", "post", str(status), "application/problem+json")
    assert mismatch(members(refused, schema), schema, document) is None


def test_a_wrong_answer_would_be_noticed(document: dict[str, Any]) -> None:
    schema = answer_schema(document, "/v1/classify", "post", "200", "application/json")
    assert mismatch({}, schema, document) is not None
    box = document["components"]["schemas"]["RegionOut"]["properties"]["box"]
    assert mismatch([0, 0, 9], box, document) == "$: 3 entries"
    assert mismatch([0, 0, 9, None], box, document) == "$[3]: no case fits"


def test_the_form_has_every_parameter_as_a_field(document: dict[str, Any]) -> None:
    operation = document["paths"]["/v1/classify"]["post"]
    fields = operation["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"].keys()
    named = {p["name"].removeprefix("X-").replace("-", "_").lower() for p in operation["parameters"]}
    assert fields == named | {"frame"}
