"""`/openapi.json` is true: what it says of the answers is what comes."""

import json
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from import_graph import ROOT
from measured import MEASURED
from pictures import BLUE, RED, encoded, striped
from roadsight_models import errors
from roadsight_models.errors import RoadsightError
from roadsight_service.registry import Registry
from roadsight_service.routes.inference_protocol import describing, infer
from roadsight_service.routes.inference_protocol.answers import MODEL
from roadsight_service.routes.streamed import PATH as STREAM
from roadsight_service.settings import Settings
from running import PNG, serve, watched_colours

FRAME = encoded(striped(RED, BLUE))
METHODS = {"get", "post"}
PROTOCOL, JSON = "/v2", "application/json"


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
    assert documented == {(kind.status, kind.code) for kind in family if kind.status != 500}


def responses(document: dict[str, Any]) -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
    """Path, method, status, content type, and what is said of that answer."""
    for path, operations in document["paths"].items():
        for method in operations.keys() & METHODS:
            for status, response in operations[method]["responses"].items():
                for kind, content in response["content"].items():
                    yield path, method, status, kind, content


def refusals(document: dict[str, Any]) -> list[tuple[str, str, str, str, dict[str, Any]]]:
    return [each for each in responses(document) if each[2] != "200"]


def test_every_answer_has_an_example_of_its_documented_form(document: dict[str, Any]) -> None:
    answers = [each for each in responses(document) if each[2] == "200"]
    assert {path for path, *_ in answers} == document["paths"].keys()
    for *at, content in answers:
        assert mismatch(content["example"], answer_schema(document, *at), document) is None


def test_every_code_of_a_refusal_has_an_example_of_its_documented_form(document: dict[str, Any]) -> None:
    for path, method, status, kind, content in refusals(document):
        codes = document["paths"][path][method]["responses"][status]["description"].split(", ")
        assert list(content["examples"]) == codes
        schema = answer_schema(document, path, method, status, kind)
        for code, example in content["examples"].items():
            refused = example["value"]
            assert path.startswith(PROTOCOL) or (refused["code"], refused["status"]) == (code, int(status))
            assert mismatch(members(refused, schema), schema, document) is None


def test_what_may_answer_401_says_that_it_takes_a_key(document: dict[str, Any]) -> None:
    operations = [path[method] for path in document["paths"].values() for method in path.keys() & METHODS]
    for operation in operations:  # no keys are set here, so it may be left out
        assert operation.get("security") == ([{"key": []}, {}] if "401" in operation["responses"] else None)


def test_every_refusal_is_documented_as_a_problem_or_in_the_protocols_words(document: dict[str, Any]) -> None:
    forms = {
        (path.startswith(PROTOCOL), kind, content["schema"]["$ref"].rpartition("/")[2])
        for path, _, _, kind, content in refusals(document)
    }
    assert forms == {(False, "application/problem+json", "ProblemOut"), (True, "application/json", "ErrorOut")}


def test_what_a_specification_of_http_can_not_hold_is_pointed_to(document: dict[str, Any]) -> None:
    (named,) = re.findall(r"`WS (\S+)` is described in (\S+):", document["info"]["description"])
    assert named[0] == STREAM
    assert named[0] in (ROOT / named[1]).read_text()


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


def test_every_route_of_the_protocol_is_there(document: dict[str, Any]) -> None:
    routes = [route for router in (infer.router, describing.router) for route in router.routes]
    there = {
        (each.path, method.lower()) for each in routes if isinstance(each, APIRoute) for method in each.methods or ()
    }
    documented = {(path, method) for path, each in document["paths"].items() for method in each}
    assert there == {(path, method) for path, method in documented if path.startswith(PROTOCOL)}
    assert len(there) == len(routes) == 17


@pytest.mark.parametrize("name", ["colours", "colours-jpeg"])
@pytest.mark.parametrize("path", [f"{model}{end}" for model in MODEL for end in ("", "/ready", "/config", "/stats")])
def test_what_the_protocol_says_of_a_model_has_its_documented_form(
    url: str, document: dict[str, Any], path: str, name: str
) -> None:
    answer = httpx.get(url + path.format(name=name, version="1.0.0")).json()
    assert mismatch(answer, answer_schema(document, path, "get", "200", JSON), document) is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/v2"),
        ("get", "/v2/health/live"),
        ("get", "/v2/health/ready"),
        ("get", "/v2/models/stats"),
        ("post", "/v2/repository/index"),
    ],
)
def test_what_the_protocol_says_of_the_server_has_its_documented_form(
    url: str, document: dict[str, Any], method: str, path: str
) -> None:
    answer = httpx.request(method, url + path).json()
    assert answer
    assert mismatch(answer, answer_schema(document, path, method, "200", JSON), document) is None


@pytest.mark.parametrize("model", MODEL)
def test_the_example_of_an_inference_is_answered_in_the_documented_form(
    url: str, document: dict[str, Any], model: str
) -> None:
    path, there = f"{model}/infer", model.format(name="colours-jpeg", version="1.0.0")
    example = document["paths"][path]["post"]["requestBody"]["content"][JSON]["example"]
    answer = httpx.post(f"{url}{there}/infer", json=example).json()
    assert mismatch(answer, answer_schema(document, path, "post", "200", JSON), document) is None
    assert answer["outputs"][0]["data"][0].endswith(":0:red")
    plain = httpx.post(f"{url}{there}/infer", json=example | {"outputs": []}).json()
    assert mismatch(plain, answer_schema(document, path, "post", "200", JSON), document) is None
    assert len(plain["outputs"][0]["data"]) == 3


def test_tensors_stand_behind_the_json_as_it_is_documented(url: str, document: dict[str, Any]) -> None:
    path = f"{MODEL[0]}/infer"
    post, schema = document["paths"][path]["post"], answer_schema(document, path, "post", "200", JSON)
    asked = post["requestBody"]["content"][JSON]["example"] | {
        "outputs": [],
        "parameters": {"binary_data_output": True},
    }
    answer = httpx.post(f"{url}{path.format(name='colours-jpeg')}", json=asked)
    (kind,) = post["responses"]["200"]["content"].keys() - {JSON}
    (length,) = post["responses"]["200"]["headers"]
    assert answer.headers["content-type"] == kind
    example = post["responses"]["200"]["content"][kind]["example"].encode()
    for body, size in ((answer.content, int(answer.headers[length])), (example, example.rindex(b"}") + 1)):
        head = json.loads(body[:size])
        assert mismatch(head, schema, document) is None
        (output,) = head["outputs"]
        assert output["parameters"]["binary_data_size"] == len(body) - size == 4 * output["shape"][1]
        assert sum(struct.unpack(f"<{output['shape'][1]}f", body[size:])) == pytest.approx(1)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v2/models/{name}/infer", 400),
        ("/v2/models/{name}/infer", 404),
        ("/v2/repository/index", 400),
        ("/v2/repository/models/{name}/load", 403),
        ("/v2/repository/models/{name}/unload", 403),
    ],
)
def test_what_the_protocol_refuses_has_its_documented_form(
    url: str, document: dict[str, Any], path: str, status: int
) -> None:
    asked = {"inputs": [{"name": "image", "datatype": "BYTES", "shape": [1], "data": ["AAAA"]}]}
    name, content = ("smell", json.dumps(asked)) if status == 404 else ("colours-jpeg", "[]")
    refused = httpx.post(url + path.format(name=name), content=content)
    assert refused.status_code == status
    assert mismatch(refused.json(), answer_schema(document, path, "post", str(status), JSON), document) is None


def test_what_only_the_specification_needs_is_made_when_it_is_asked_for() -> None:
    script = """
import sys
from roadsight_service.app import create_app
from roadsight_service.settings import Settings
app = create_app(Settings())
for said in (lambda: None, app.openapi):
    said()
    print(*sorted(name.rpartition(".")[2] for name in sys.modules if name.endswith("_schemas")))
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True).stdout
    assert said.splitlines() == ["", "answer_schemas request_schemas"]


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
