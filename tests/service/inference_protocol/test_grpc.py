"""Triton's own client of gRPC, as it comes, against the service."""

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
import pytest
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from tritonclient.grpc import model_config_pb2, service_pb2

from roadsight_service.inference_protocol.messages import SERVICE
from running import metric, until
from service.inference_protocol.house import CAMERA, CROPS, FILES, GRAPH, KEYS, MOST_BYTES, House, house, judged

INFER = f"/{SERVICE}/ModelInfer"
CAR = {"authorization": "Bearer car"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(
        tmp_path_factory.mktemp("bundles"), ROADSIGHT_KEYS=KEYS, ROADSIGHT_MAX_BODY_BYTES=str(MOST_BYTES)
    ) as running:
        yield running


@pytest.fixture(scope="module")
def client(service: House) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(service.grpc) as client:
        yield client


@pytest.fixture(scope="module")
def expected(service: House) -> npt.NDArray[np.float64]:
    return np.stack([service.classified(file, Authorization="Bearer car") for file in FILES])


def frames(crops: Any = CROPS, name: str = "frames") -> triton.InferInput:
    return triton.InferInput(name, list(crops.shape), "UINT8").set_data_from_numpy(crops)


def images(files: list[bytes] = FILES) -> triton.InferInput:
    each = np.array(files, dtype=np.object_).reshape(-1, 1)
    return triton.InferInput("image", list(each.shape), "BYTES").set_data_from_numpy(each)


def test_the_raw_graph_and_the_camera_model_say_what_classify_says(
    client: triton.InferenceServerClient, expected: npt.NDArray[np.float64]
) -> None:
    answer = client.infer(GRAPH, [frames()], request_id="17", headers=CAR)
    assert [each.name for each in answer.get_response().outputs] == ["logits", "embedding"]
    assert (answer.get_response().id, answer.get_response().model_version) == ("17", "1.0.0")
    assert np.abs(judged(answer.as_numpy("logits")) - expected).max() < 1e-6
    seen = client.infer(CAMERA, [images()], headers=CAR).as_numpy("probabilities")
    assert np.abs(seen - expected).max() < 1e-6


def test_classes_have_names(client: triton.InferenceServerClient, expected: npt.NDArray[np.float64]) -> None:
    wanted = [triton.InferRequestedOutput("probabilities", class_count=1)]
    said = client.infer(CAMERA, [images()], outputs=wanted, headers=CAR).as_numpy("probabilities")
    assert [int(each.decode().split(":")[1]) for (each,) in said] == list(expected.argmax(axis=1))


def test_the_async_client_works_too(service: House, expected: npt.NDArray[np.float64]) -> None:
    async def ask() -> Any:
        async with triton_aio.InferenceServerClient(service.grpc) as client:
            each = [client.infer(GRAPH, [frames(CROPS[i : i + 1])], headers=CAR) for i in range(7)]
            return np.concatenate([answer.as_numpy("logits") for answer in await asyncio.gather(*each)])

    assert np.abs(judged(asyncio.run(ask())) - expected).max() < 1e-6


def test_tensors_may_stand_in_the_message(service: House, expected: npt.NDArray[np.float64]) -> None:
    def ask(model: str, **tensor: Any) -> Any:
        request = service_pb2.ModelInferRequest(model_name=model)
        request.inputs.add(**tensor)
        with grpc.insecure_channel(service.grpc) as channel:
            ask = channel.unary_unary(
                INFER,
                service_pb2.ModelInferRequest.SerializeToString,
                service_pb2.ModelInferResponse.FromString,
            )
            answer = ask(request, metadata=list(CAR.items()), timeout=10)
        return np.frombuffer(answer.raw_output_contents[0], np.float32)

    pixels = {"uint_contents": CROPS[0].ravel().tolist()}
    logits = ask(GRAPH, name="frames", datatype="UINT8", shape=[1, 16, 16, 3], contents=pixels)
    assert np.abs(judged(logits) - expected[0]).max() < 1e-6
    seen = ask(CAMERA, name="image", datatype="BYTES", shape=[1], contents={"bytes_contents": FILES[:1]})
    assert np.abs(seen - expected[0]).max() < 1e-6


def test_the_server_and_its_models_describe_themselves(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready(GRAPH) and not client.is_model_ready(GRAPH, "9.9.9")
    assert "classification" in client.get_server_metadata().extensions
    metadata = client.get_model_metadata(GRAPH)
    assert ([each.name for each in metadata.outputs], list(metadata.inputs[0].shape)) == (
        ["logits", "embedding"],
        [-1, 16, 16, 3],
    )
    config = client.get_model_config(CAMERA).config
    assert (config.max_batch_size, config.input[0].data_type) == (8, model_config_pb2.TYPE_STRING)
    assert [each.state for each in client.get_model_repository_index(headers=CAR).models] == ["READY", "READY"]
    (stats,) = client.get_inference_statistics(GRAPH).model_stats
    assert stats.inference_stats.success.count == stats.execution_count


@pytest.mark.parametrize(
    ("status", "model", "given", "options"),
    [
        ("NOT_FOUND", "smell", frames(), {"headers": CAR}),
        ("NOT_FOUND", GRAPH, frames(), {"headers": CAR, "model_version": "9"}),
        ("UNAUTHENTICATED", GRAPH, frames(), {}),
        ("PERMISSION_DENIED", GRAPH, frames(), {"headers": {"authorization": "Bearer guest"}}),
        ("INVALID_ARGUMENT", GRAPH, frames(CROPS[:, :8]), {"headers": CAR}),
        ("INVALID_ARGUMENT", GRAPH, frames(name="picture"), {"headers": CAR}),
        ("INVALID_ARGUMENT", GRAPH, frames(), {"headers": CAR, "priority": 4}),
        ("INVALID_ARGUMENT", GRAPH, frames(), {"headers": CAR, "sequence_id": 7}),
        ("INVALID_ARGUMENT", CAMERA, images([b"text"]), {"headers": CAR}),
        ("RESOURCE_EXHAUSTED", CAMERA, images([bytes(MOST_BYTES)]), {"headers": CAR}),
        ("DEADLINE_EXCEEDED", GRAPH, frames(), {"headers": CAR, "timeout": 1}),
    ],
)
def test_what_is_wrong_has_a_status_and_a_text(
    client: triton.InferenceServerClient, status: str, model: str, given: Any, options: dict[str, Any]
) -> None:
    with pytest.raises(triton.InferenceServerException) as refused:
        client.infer(model, [given], **options)
    assert refused.value.status() == f"StatusCode.{status}"
    assert refused.value.message()


def test_to_change_models_takes_a_key_for_that(client: triton.InferenceServerClient) -> None:
    with pytest.raises(triton.InferenceServerException, match="no scope 'admin'"):
        client.load_model(GRAPH, headers=CAR)
    client.load_model(GRAPH, headers={"authorization": "Bearer admin"})  # it serves already
    with pytest.raises(triton.InferenceServerException, match="no task is left without a model"):
        client.unload_model(GRAPH, headers={"authorization": "Bearer admin"})


def test_clients_that_leave_cost_nothing_and_are_counted(service: House, client: triton.InferenceServerClient) -> None:
    before, calls = metric(service.url, "roadsight_batch_size_sum"), 12
    with service.paused():
        each = [client.async_infer(GRAPH, [frames(CROPS[:1])], lambda *_: None, headers=CAR) for _ in range(calls)]
        until(lambda: metric(service.url, "roadsight_queue_depth") > 0)  # lanes hold the others
        for call in each:
            call.cancel()
        until(lambda: metric(service.url, f'roadsight_requests_total{{code="499",route="{INFER}"') == calls)
        assert metric(service.url, "roadsight_queue_depth") == 0
    client.infer(GRAPH, [frames(CROPS[:1])], headers=CAR)
    assert metric(service.url, "roadsight_batch_size_sum") == before + 1


def test_calls_are_counted_by_method_as_http_counts(service: House, client: triton.InferenceServerClient) -> None:
    counted = f'roadsight_requests_total{{code="200",route="{INFER}"'
    before = metric(service.url, counted)
    client.infer(GRAPH, [frames()], headers=CAR)
    assert metric(service.url, counted) == before + 1
