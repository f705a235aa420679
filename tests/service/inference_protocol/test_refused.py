"""What is wrong with a request in the Open Inference Protocol is told as `{"error": ...}`, and nothing is inferred."""

import base64
import gzip
import json
import zlib
from typing import Any

import httpx
import pytest

from pictures import RED, encoded, striped
from running import Wire, metric, until
from service.inference_protocol.house import CAMERA, CROPS, FILES, GRAPH, MOST_BYTES, House

PIXELS = CROPS[:1].tobytes()
FRAMES: dict[str, Any] = {"name": "frames", "shape": [1, 16, 16, 3], "datatype": "UINT8", "data": [0] * 768}
IMAGE: dict[str, Any] = {"name": "image", "shape": [1, 1], "datatype": "BYTES", "data": ["AAAA"]}
PICTURE = IMAGE | {"data": [base64.b64encode(FILES[0]).decode()]}
LEFT = 'roadsight_requests_total{code="499"'
RAW = {"parameters": {"binary_data_size": 768}}


def ask(service: House, asked: object, behind: bytes = b"", model: str = GRAPH, **headers: str) -> httpx.Response:
    head = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    said = {"Inference-Header-Content-Length": str(len(head))} if behind else {}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{service.url}/v2/models/{model}/infer", content=head + behind, headers=said | given, timeout=20)


def told(response: httpx.Response, status: int) -> str:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json"), response.text
    assert response.json().keys() == {"error"}
    return str(response.json()["error"])


def frames(**changes: Any) -> dict[str, Any]:
    """A request with another input; what is None is left out."""
    tensor = {name: value for name, value in (FRAMES | changes).items() if value is not None}
    return {"inputs": [tensor]}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (b"", "JSON"),
        (b"[]", "the request"),
        (b"\xff", "JSON"),
        ({}, "inputs"),
        ({"inputs": []}, "one input, 'frames'"),
        ({"inputs": [FRAMES, FRAMES]}, "one input"),
        ({"input": [FRAMES]}, "inputs"),
        (frames(name="picture"), "given: 'picture'"),
        (frames(datatype="FP32"), "is UINT8"),
        (frames(shape=[1, 3, 16, 16]), "[-1, 16, 16, 3]"),
        (frames(shape=[768]), "[-1, 16, 16, 3]"),
        (frames(shape=[0, 16, 16, 3], data=[]), "a batch of 0"),
        (frames(shape=[-1, 16, 16, 3]), "a batch of -1"),
        (frames(shape=[9, 16, 16, 3], data=[0] * 768 * 9), "1 to 8"),
        (frames(shape=["a"]), "shape"),
        (frames(shape=["1", 16, 16, 3]), "shape.0"),
        (frames(shape=[True, 16, 16, 3]), "shape.0"),
        (frames(data=[0] * 767), "the data 767"),
        (frames(data=[0] * 767 + [256]), "from 0 to 255"),
        (frames(data=[-1] + [0] * 767), "from 0 to 255"),
        (frames(data=[0.5] * 768), "whole numbers"),
        (frames(data=["a"] * 768), "whole numbers"),
        (frames(data=[[0] * 700, 5]), "not nested"),
        (frames(data=None), "either `data` or"),
        (frames(**RAW), "either `data` or"),
        (frames(data=None, parameters={"binary_data_size": 9}), "9 of 0 bytes"),
        (frames(data=None, parameters={"shared_memory_region": "a", "shared_memory_byte_size": 1}), "shared memory"),
        (frames(parameters={"zoom": 2}), "unknown parameter 'zoom'"),
        (frames() | {"outputs": [{"name": "depth"}]}, "there are: logits, embedding"),
        (frames() | {"outputs": [{"name": "logits"}, {"name": "logits"}]}, "twice"),
        (frames() | {"outputs": [{"name": "logits", "parameters": {"classification": 4}}]}, "4 out of 3"),
        (frames() | {"outputs": [{"name": "logits", "parameters": {"classification": True}}]}, "whole number"),
        (frames() | {"outputs": [{"name": "logits", "parameters": {"binary_data": 1}}]}, "true or false"),
        (frames() | {"outputs": [{"name": "logits", "parameters": {"shared_memory_region": "a"}}]}, "shared memory"),
        (frames() | {"parameters": {"sequence_id": 5}}, "sequences"),
        (frames() | {"parameters": {"priority": 4}}, "'priority': expected a whole number from 0 to 3, got '4'"),
        (frames() | {"parameters": {"priority": -1}}, "from 0 to 3, got '-1'"),
        (frames() | {"parameters": {"priority": "x"}}, "from 0 to 3, got 'x'"),
        (frames() | {"parameters": {"priority": 1.5}}, "from 0 to 3, got '1.5'"),
        (frames() | {"parameters": {"timeout": -1}}, "timeout"),
        (frames() | {"parameters": {"timeout": "soon"}}, "timeout"),
        (frames() | {"parameters": {"tiemout": 5}}, "there are: timeout, priority, binary_data_output"),
        (frames() | {"parameters": [5]}, "parameters"),
        (frames() | {"id": 5}, "id"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(service: House, asked: object, says: str) -> None:
    assert says in told(ask(service, asked), 400)


@pytest.mark.parametrize(
    ("data", "says"),
    [(["no base64!"], "base64"), ([5], "base64"), (["AAAA", "AAAA"], "the data more"), (["AAAA"], "picture")],
)  # fmt: skip
def test_a_picture_in_json_must_be_one(service: House, data: list[object], says: str) -> None:
    assert says in told(ask(service, {"inputs": [IMAGE | {"data": data}]}, model=CAMERA), 400)


def picture(raw: bytes, shape: tuple[int, ...] = (1, 1)) -> tuple[dict[str, Any], bytes]:
    tensor = {"name": "image", "shape": shape, "datatype": "BYTES"}
    return {"inputs": [tensor | {"parameters": {"binary_data_size": len(raw)}}]}, raw


@pytest.mark.parametrize(
    ("raw", "shape", "says"),
    [
        (b"\x05\0\0\0abcd", (1, 1), "breaks off"),
        (b"\xff\xff\xff\xffabcd", (1, 1), "breaks off"),
        (b"\x01\0", (1, 1), "breaks off"),
        (len(FILES[0]).to_bytes(4, "little") + FILES[0], (2, 1), "the data 1"),
        (len(FILES[0]).to_bytes(4, "little") + FILES[0], (1, 2), "[-1, 1]"),
        (b"\x04\0\0\0text", (1, 1), "picture"),
    ],
)
def test_bytes_must_add_up(service: House, raw: bytes, shape: tuple[int, ...], says: str) -> None:
    assert says in told(ask(service, *picture(raw, shape=shape), model=CAMERA), 400)


def test_a_picture_too_small_to_be_judged_is_no_answer(service: House) -> None:
    small = encoded(striped(RED, width=3, height=3))
    raw = len(small).to_bytes(4, "little") + small
    assert "picture 0 can't be judged: region_too_small" in told(ask(service, *picture(raw), model=CAMERA), 400)


def test_binary_data_must_end_where_the_body_does(service: House) -> None:
    asked = frames(data=None, **RAW)
    assert "3 bytes stand behind" in told(ask(service, asked, PIXELS + b"abc"), 400)
    assert "768 of 765 bytes" in told(ask(service, asked, PIXELS[:-3]), 400)
    for length in ("1000000", "-5", "many", "0"):
        told(ask(service, asked, PIXELS, Inference_Header_Content_Length=length), 400)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v2/models/smell/infer", 404),
        ("POST", "/v2/models/colours/versions/9.9.9/infer", 404),
        ("GET", "/v2/models/smell", 404),
        ("GET", "/v2/models/colours/versions/9/stats", 404),
        ("GET", "/v2/models/colours/infer", 405),
        ("POST", "/v2/health/live", 405),
        ("PUT", "/v2/models/colours", 405),
        ("POST", "/v2", 405),
        ("GET", "/v2/models", 404),
        ("POST", "/v2/trace/setting", 404),
        ("GET", "/v2/systemsharedmemory/status", 404),
        ("POST", "/v2/repository/models/colours/load", 403),
        ("POST", "/v2/repository/models/colours/unload", 403),
    ],
)
def test_what_is_not_there_or_not_allowed(service: House, method: str, path: str, status: int) -> None:
    content = json.dumps(frames()).encode() if method == "POST" else None
    told(httpx.request(method, service.url + path, content=content), status)


def test_a_method_that_is_not_offered_is_told_with_those_that_are(service: House) -> None:
    refused = httpx.get(f"{service.url}/v2/repository/index")
    assert "GET /v2/repository/index: Method Not Allowed" in told(refused, 405)
    assert refused.headers["allow"] == "POST"
    elsewhere = httpx.post(f"{service.url}/v2x")
    assert elsewhere.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "no JSON"),
        (b"[" * 4000, "no JSON"),
        (b"[]", "a JSON object"),
        (b'{"parameters": []}', "`parameters` another one"),
        (b'{"raedy": true}', "unknown parameter 'raedy'; there are: ready"),
        (b'{"ready": 1}', "`ready`: expected true or false, got '1'"),
        (b'{"ready": null}', "`ready`"),
    ],
)
def test_an_index_is_asked_for_in_its_own_words(service: House, content: bytes, says: str) -> None:
    assert says in told(httpx.post(f"{service.url}/v2/repository/index", content=content, timeout=20), 400)


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_a_compressed_body_may_not_grow_beyond_a_body(service: House, compress: Any) -> None:
    encoding = "gzip" if compress is gzip.compress else "deflate"
    bomb = compress(bytes(50_000_000))
    assert len(bomb) < MOST_BYTES
    assert "grows beyond" in told(ask(service, bomb, Content_Encoding=encoding), 413)
    whole = compress(json.dumps(frames()).encode())
    assert ask(service, whole, Content_Encoding=encoding).status_code == 200
    assert "breaks off" in told(ask(service, whole[:-5], Content_Encoding=encoding), 400)
    assert "behind it" in told(ask(service, whole + b"more", Content_Encoding=encoding), 400)
    told(ask(service, b"plain", Content_Encoding=encoding), 400)


def test_limits_of_bodies_hold(service: House) -> None:
    assert "br" in told(ask(service, frames(), Content_Encoding="br"), 415)
    told(ask(service, bytes(MOST_BYTES + 1)), 413)


def test_a_timeout_is_a_deadline_and_costs_no_work(service: House) -> None:
    before = metric(service.url, "roadsight_batch_size_sum")
    with service.paused():
        for model, tensor in ((GRAPH, FRAMES), (CAMERA, PICTURE)):
            asked = {"inputs": [tensor], "parameters": {"timeout": 200_000}}
            told(ask(service, asked, model=model), 504)
    assert ask(service, frames()).status_code == 200
    assert metric(service.url, "roadsight_batch_size_sum") == before + 1


def test_clients_that_hang_up_spare_the_lanes_their_work(service: House) -> None:
    before, left = metric(service.url, "roadsight_batch_size_sum"), metric(service.url, LEFT)
    body = json.dumps({"inputs": [PICTURE]})
    head = f"POST /v2/models/{CAMERA}/infer HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    with service.paused():
        wires = [Wire(service.url) for _ in range(12)]
        for wire in wires:
            wire.send((head + body).encode())
        until(lambda: metric(service.url, "roadsight_queue_depth") > 0)  # lanes hold the others
        for wire in wires:
            wire.close()
        until(lambda: metric(service.url, LEFT) == left + 12)
    assert ask(service, frames()).status_code == 200
    assert metric(service.url, "roadsight_batch_size_sum") == before + 1
