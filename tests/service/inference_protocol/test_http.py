"""Triton's own client of HTTP, as it comes, against the service."""

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio

import colours
from roadsight_service.inference_protocol.described import EXTENSIONS
from service.inference_protocol.house import CAMERA, CROPS, FILES, GRAPH, House, judged


@pytest.fixture(scope="module")
def client(service: House) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(service.address) as client:
        yield client


@pytest.fixture(scope="module")
def expected(service: House) -> npt.NDArray[np.float64]:
    return np.stack([service.classified(file) for file in FILES])


def frames(crops: Any = CROPS, binary: bool = True) -> triton.InferInput:
    given = triton.InferInput("frames", list(crops.shape), "UINT8")
    return given.set_data_from_numpy(crops, binary_data=binary)


def images(files: list[bytes] = FILES, *shape: int) -> triton.InferInput:
    each = np.array(files, dtype=np.object_).reshape(shape or (len(files), 1))
    return triton.InferInput("image", list(each.shape), "BYTES").set_data_from_numpy(each)


def as_bytes(element: str | bytes) -> bytes:
    return element if isinstance(element, bytes) else element.encode()


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
def test_the_raw_graph_says_what_classify_says(
    client: triton.InferenceServerClient, expected: npt.NDArray[np.float64], binary_in: bool, binary_out: bool
) -> None:
    wanted = [triton.InferRequestedOutput(name, binary_out) for name in ("embedding", "logits")]
    answer = client.infer(GRAPH, [frames(binary=binary_in)], outputs=wanted, request_id="17")
    assert [each["name"] for each in answer.get_response()["outputs"]] == ["embedding", "logits"]
    assert (answer.get_response()["id"], answer.get_response()["model_version"]) == ("17", "1.0.0")
    assert np.abs(judged(answer.as_numpy("logits")) - expected).max() < 1e-6
    assert answer.as_numpy("embedding") == pytest.approx(CROPS.mean(axis=(1, 2)), abs=1e-3)


def test_without_outputs_all_come_in_order_and_binary(client: triton.InferenceServerClient) -> None:
    said = client.infer(GRAPH, [frames()]).get_response()["outputs"]
    assert [(each["name"], each["shape"]) for each in said] == [("logits", [7, 3]), ("embedding", [7, 3])]
    assert all(each["parameters"] == {"binary_data_size": 7 * 3 * 4} for each in said)


@pytest.mark.parametrize("shape", [(7, 1), (7,)])
def test_the_camera_model_says_what_classify_says(
    client: triton.InferenceServerClient, expected: npt.NDArray[np.float64], shape: tuple[int, ...]
) -> None:
    answer = client.infer(CAMERA, [images(FILES, *shape)])
    assert np.abs(answer.as_numpy("probabilities") - expected).max() < 1e-6


def test_in_json_a_picture_is_base64(service: House, expected: npt.NDArray[np.float64]) -> None:
    each = [[base64.b64encode(file).decode()] for file in FILES[:2]]
    asked = {"inputs": [{"name": "image", "shape": [2, 1], "datatype": "BYTES", "data": each}]}
    answer = httpx.post(f"{service.url}/v2/models/{CAMERA}/infer", json=asked).json()
    (output,) = answer["outputs"]
    assert (output["shape"], output["datatype"]) == ([2, 3], "FP32")
    assert np.abs(np.reshape(output["data"], (2, 3)) - expected[:2]).max() < 1e-6


def test_numbers_may_be_nested(service: House, expected: npt.NDArray[np.float64]) -> None:
    asked = {"inputs": [{"name": "frames", "shape": [1, 16, 16, 3], "datatype": "UINT8", "data": CROPS[:1].tolist()}]}
    answer = httpx.post(f"{service.url}/v2/models/{GRAPH}/versions/1.0.0/infer", json=asked).json()
    assert np.abs(judged(answer["outputs"][0]["data"]) - expected[0]).max() < 1e-6


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_bodies_may_be_compressed(client: triton.InferenceServerClient, encoding: str) -> None:
    plain = client.infer(GRAPH, [frames()]).as_numpy("logits")
    answer = client.infer(
        GRAPH, [frames()], request_compression_algorithm=encoding, response_compression_algorithm=encoding
    )
    assert (answer.as_numpy("logits") == plain).all()


@pytest.mark.parametrize(("model", "output"), [(GRAPH, "logits"), (CAMERA, "probabilities")])
def test_classes_have_names(
    client: triton.InferenceServerClient, expected: npt.NDArray[np.float64], model: str, output: str
) -> None:
    for binary in (True, False):
        wanted = triton.InferRequestedOutput(output, binary, class_count=2)
        answer = client.infer(model, [frames() if model == GRAPH else images()], outputs=[wanted]).as_numpy(output)
        assert answer.shape == (7, 2)
        for said, row in zip(answer, expected, strict=True):
            values, numbers, labels = zip(*(each.decode().split(":") for each in map(as_bytes, said)), strict=True)
            assert list(map(int, numbers)) == list(np.argsort(row)[::-1][:2])
            assert [colours.LABELS[int(number)] for number in numbers] == list(labels)
            assert float(values[0]) >= float(values[1])


def test_the_async_client_works_too(service: House, expected: npt.NDArray[np.float64]) -> None:
    async def ask() -> Any:
        async with triton_aio.InferenceServerClient(service.address) as client:
            answers = await asyncio.gather(*(client.infer(GRAPH, [frames(CROPS[i : i + 1])]) for i in range(7)))
            return np.concatenate([each.as_numpy("logits") for each in answers])

    assert np.abs(judged(asyncio.run(ask())) - expected).max() < 1e-6


def test_the_server_and_its_models_describe_themselves(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready(GRAPH) and client.is_model_ready(CAMERA, "1.0.0")
    assert not client.is_model_ready("smell") and not client.is_model_ready(GRAPH, "9.9.9")
    server = client.get_server_metadata()
    assert (server["name"], server["extensions"]) == ("roadsight", list(EXTENSIONS))
    assert client.get_model_metadata(GRAPH) == {
        "name": GRAPH,
        "versions": ["1.0.0"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "frames", "datatype": "UINT8", "shape": [-1, 16, 16, 3]}],
        "outputs": [
            {"name": "logits", "datatype": "FP32", "shape": [-1, 3]},
            {"name": "embedding", "datatype": "FP32", "shape": [-1, -1]},
        ],
    }
    config = client.get_model_config(CAMERA)
    assert (config["max_batch_size"], config["input"]) == (
        8,
        [{"name": "image", "data_type": "TYPE_STRING", "dims": [1]}],
    )


def test_statistics_count_requests_and_what_was_in_them(client: triton.InferenceServerClient) -> None:
    def stats() -> Any:
        (found,) = client.get_inference_statistics(GRAPH)["model_stats"]
        return found

    before = stats()
    client.infer(GRAPH, [frames()])
    with pytest.raises(triton.InferenceServerException):
        client.infer(GRAPH, [frames(CROPS[:, :8])])
    after = stats()
    assert after["inference_count"] - before["inference_count"] == 7
    for name, count in (("success", 1), ("fail", 1), ("queue", 1), ("compute_infer", 1)):
        assert after["inference_stats"][name]["count"] - before["inference_stats"][name]["count"] == count
        assert after["inference_stats"][name]["ns"] > before["inference_stats"][name]["ns"]
    assert after["last_inference"] > 1.7e12
    assert [each["name"] for each in client.get_inference_statistics()["model_stats"]] == [CAMERA, GRAPH]
