"""What a request asks, whichever way it came: bounds hold on both, and the error says which was passed."""

import json
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.grpc import service_pb2

from roadsight_models.errors import BadTensor, RoadsightError, TooLarge
from roadsight_service.inference_protocol import converted, statuses
from roadsight_service.inference_protocol.asked import MOST_PARAMETERS, MOST_TENSORS, MOST_US, read_schedule
from roadsight_service.inference_protocol.body import MOST_JSON_BYTES, read
from roadsight_service.inference_protocol.messages import SERVICE, message
from roadsight_service.room import PRIORITIES
from service.inference_protocol.house import GRAPH, House

RAW = {"shape": [1], "datatype": "UINT8"}


def over_http(inputs: int, outputs: int, parameters: int) -> Any:
    said = {f"p{number}": 0 for number in range(parameters)}
    asked = {
        "inputs": [{"name": "a", "data": [0], **RAW}] * inputs, "outputs": [{"name": "a"}] * outputs, "parameters": said
    }  # fmt: skip
    return read(json.dumps(asked).encode(), None, GRAPH, "").asked


def over_grpc(inputs: int, outputs: int, parameters: int) -> Any:
    request = message("ModelInferRequest")()
    for _ in range(inputs):
        request.inputs.add(name="a", datatype="UINT8", shape=[1])
    for _ in range(outputs):
        request.outputs.add(name="a")
    for number in range(parameters):
        request.parameters[f"p{number}"].int64_param = 0
    return converted.asked(request, 0)


@pytest.mark.parametrize("way", [over_http, over_grpc])
def test_a_request_has_no_more_parts_than_may_be_looked_at(way: Any) -> None:
    most = way(MOST_TENSORS, MOST_TENSORS, 0)
    assert (len(most.inputs), len(most.outputs)) == (MOST_TENSORS, MOST_TENSORS)
    for counts, says in (
        ((MOST_TENSORS + 1, 0, 0), f"inputs.* {MOST_TENSORS}"),
        ((0, MOST_TENSORS + 1, 0), f"outputs.* {MOST_TENSORS}"),
        ((0, 0, MOST_PARAMETERS + 1), f"parameters.* {MOST_PARAMETERS}"),
        ((0, 0, MOST_PARAMETERS), "unknown parameter"),
    ):
        with pytest.raises(BadTensor, match=says):
            way(*counts)


@pytest.mark.parametrize("value", [-1, MOST_US + 1, 1.0, True, "1", None, float("nan"), [1]])
def test_a_timeout_is_a_whole_number_within_bounds_that_are_told(value: Any) -> None:
    with pytest.raises(BadTensor, match=f"'timeout': expected a whole number from 0 to {MOST_US}"):
        read_schedule({"timeout": value})
    assert [read_schedule({"timeout": fine})[0] for fine in (0, 1, MOST_US)] == [0, 1, MOST_US]


@pytest.mark.parametrize("value", [-1, PRIORITIES + 1, 1.5, True, "x", None])
def test_a_priority_is_one_of_those_that_are_told_and_the_default_where_none_is_said(value: Any) -> None:
    with pytest.raises(BadTensor, match=f"'priority': expected a whole number from 0 to 3, got '{value}'"):
        read_schedule({"priority": value})
    given = [{}, {"priority": 0}, {"priority": 1}, {"priority": 2}, {"priority": 3}]
    assert [read_schedule(each)[1] for each in given] == [2, 2, 1, 2, 3]


@pytest.mark.parametrize(
    ("kind", "wrong", "fine"),
    [("int64_param", -1, 3), ("uint64_param", 4, 1), ("string_param", "x", None), ("double_param", 1.5, None)],
)
def test_over_grpc_a_priority_is_a_whole_number_of_either_kind(kind: str, wrong: Any, fine: int | None) -> None:
    request = message("ModelInferRequest")()
    setattr(request.parameters["priority"], kind, wrong)
    with pytest.raises(BadTensor, match="'priority': expected a whole number from 0 to 3"):
        converted.asked(request, 0)
    if fine is not None:
        setattr(request.parameters["priority"], kind, fine)
        assert converted.asked(request, 0).priority == fine


@pytest.mark.parametrize(
    ("said_us", "left_us", "until"), [(0, 0, 0), (5, 0, 5), (0, 7, 7), (5, 7, 5), (7, 5, 5)]
)  # fmt: skip
def test_of_timeout_and_deadline_of_a_call_the_earlier_one_counts(said_us: int, left_us: int, until: int) -> None:
    request = message("ModelInferRequest")()
    request.parameters["timeout"].int64_param = said_us
    assert converted.asked(request, left_us).timeout_us == until


@given(st.lists(st.binary(max_size=5), min_size=1, max_size=4), st.data())
def test_what_stands_behind_the_json_is_dealt_out_in_order(parts: list[bytes], data: st.DataObject) -> None:
    in_json = [data.draw(st.booleans()) for _ in parts]
    inputs = [
        {"name": str(at), **RAW} | ({"data": [*part]} if here else {"parameters": {"binary_data_size": len(part)}})
        for at, (part, here) in enumerate(zip(parts, in_json, strict=True))
    ]
    head = json.dumps({"inputs": inputs}).encode()
    behind = b"".join(part for part, here in zip(parts, in_json, strict=True) if not here)
    found = read(head + behind, len(head), GRAPH, "").asked.inputs
    assert [bytes(each.data) for each in found] == parts
    for body, says in ((head + behind + b"x", "no input's"), ((head + behind)[:-1], "binary_data_size|has .* bytes")):
        with pytest.raises(BadTensor, match=says):
            read(body, len(head), GRAPH, "")


@pytest.mark.parametrize(
    "text",
    [
        '{"inputs": [{"name": "a", "shape": [1], "datatype": "U", "data": %s}]}' % ("[" * 100_000),
        '{"inputs": [], "parameters": {"timeout": %s}}' % ("9" * 5000),
        '{"id": "\\ud800", "inputs": []}',
        '{"inputs": [], "parameters": {"timeout": 1}} {}',
        '{"inputs": [{"name": "a", "shape": [], "datatype": "U", "data": []}]}',
        '{"inputs": [{"name": "a", "shape": [1,1,1,1,1,1,1,1,1], "datatype": "U", "data": []}]}',
    ],
)
def test_json_that_would_break_a_reader_is_refused_shortly(text: str) -> None:
    with pytest.raises(BadTensor) as refused:
        read(text.encode(), None, GRAPH, "")
    assert len(str(refused.value)) < 300


def test_json_may_be_as_long_as_the_limit() -> None:
    text = b'{"inputs": []}'.ljust(MOST_JSON_BYTES)
    assert read(text, None, GRAPH, "").asked.inputs == ()
    with pytest.raises(TooLarge, match="send tensors as binary data"):
        read(text + b" ", None, GRAPH, "")


def family(kind: type[RoadsightError]) -> set[type[RoadsightError]]:
    return {kind}.union(*(family(child) for child in kind.__subclasses__()))


def test_every_error_that_a_client_may_cause_has_a_status_of_grpc() -> None:
    assert {kind.status for kind in family(RoadsightError)} - {500, 499} == statuses.CODES.keys()


def call(service: House, *messages: bytes) -> grpc.RpcError:
    """Sends messages as they are, and gives what the call ends with."""
    with grpc.insecure_channel(service.grpc) as channel:
        ask = channel.stream_unary(f"/{SERVICE}/ModelInfer")
        with pytest.raises(grpc.RpcError) as ended:
            ask(iter(messages), timeout=20)
    return ended.value


def named(*names: str) -> bytes:
    request = service_pb2.ModelInferRequest(model_name=GRAPH)
    for name in names:
        request.inputs.add(name=name, datatype="UINT8", shape=[1])
    return bytes(request.SerializeToString())


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ((), "the call has no message"),
        ((b"\xff\xff\xff",), "the message can't be read"),
        ((b"\x2a\x00" * 40_000,), "40000 inputs"),
        ((b"\x3a\x00" * 40_000,), "0 inputs, 40000 raw contents"),
        ((named(*["\U0001f697" * 200] * 9),), "\U0001f697'"),  # told whole, though on the wire each takes twelve bytes
        ((named("a"), named("frames")), "given: 'a'"),  # the first message is the request
    ],
    ids=["none", "junk", "inputs", "raw", "names", "two"],
)
def test_a_message_that_is_none_is_told_so_over_grpc(service: House, messages: tuple[bytes, ...], says: str) -> None:
    error: Any = call(service, *messages)
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error.details()
    assert says in error.details()
