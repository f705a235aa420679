"""An inference as the body of an HTTP request and of its answer: JSON, and behind it tensors as they are.

body --read--> Request (Asked, and which outputs are to be binary) ... Answered --written--> body, length of its JSON
     TooLarge, BadTensor
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ConfigDict, Field, StrictInt, ValidationError

from roadsight_models.errors import BadTensor, TooLarge
from roadsight_service.inference_protocol.answering import Answered
from roadsight_service.inference_protocol.asked import (
    MOST_PARAMETERS,
    MOST_TENSORS,
    Asked,
    Given,
    Wanted,
    check_names,
    read_classes,
    read_flag,
    read_schedule,
)
from roadsight_service.inference_protocol.tensors import Tensor, listed
from roadsight_service.schemas import Schema

MOST_JSON_BYTES = 4_000_000  # reading JSON holds up everybody; as numbers a tensor is four times as long, too


class _Part(Schema):
    model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: dict[str, Any] = Field({}, max_length=MOST_PARAMETERS)


class _InputIn(_Part):
    name: str
    shape: tuple[StrictInt, ...] = Field(min_length=1, max_length=8)
    datatype: str
    data: list[Any] | None = None


class _OutputIn(_Part):
    name: str


class _RequestIn(_Part):
    id: str = ""
    model_name: str = ""  # some clients say it again; the path counts
    model_version: str | None = None
    inputs: list[_InputIn] = Field(max_length=MOST_TENSORS)
    outputs: list[_OutputIn] = Field([], max_length=MOST_TENSORS)


@dataclass(frozen=True)
class Request:
    """What a body asks."""

    asked: Asked
    binary: Mapping[str, bool]  # by output, where it says so
    is_binary: bool  # the others


def read(body: bytes, json_bytes: int | None, model: str, version: str) -> Request:
    """Reads a request.

    Args:
        body: JSON, and behind it the data of those inputs that have a `binary_data_size`, in order.
        json_bytes: how long the JSON is, as `Inference-Header-Content-Length` says; all if None.
        model: whom it is for.
        version: of it that must answer; any if empty.

    Raises:
        TooLarge: the JSON is longer than may be read on the event loop.
        BadTensor: it is no JSON of the protocol's form; sizes do not add up; a parameter means nothing here.
    """
    length = len(body) if json_bytes is None else json_bytes
    if length > len(body):
        raise BadTensor(f"Inference-Header-Content-Length is {length}, the body has {len(body)} bytes")
    if length > MOST_JSON_BYTES:
        raise TooLarge(f"the JSON is over {MOST_JSON_BYTES} bytes; send tensors as binary data behind it")
    said = _parsed(body[:length])
    outputs = {one.name: one for one in said.outputs}
    timeout_us, priority = read_schedule(said.parameters, "binary_data_output")
    asked = Asked(
        model=model,
        version=version,
        id=said.id,
        inputs=_inputs(said.inputs, memoryview(body)[length:]),
        outputs=tuple(Wanted(one.name, read_classes(one.name, one.parameters, "binary_data")) for one in said.outputs),
        timeout_us=timeout_us,
        priority=priority,
    )
    binary = {
        name: read_flag(one.parameters, "binary_data")
        for name, one in outputs.items()
        if "binary_data" in one.parameters
    }
    return Request(asked, binary, read_flag(said.parameters, "binary_data_output"))


def written(request: Request, answered: Answered) -> tuple[bytes, int | None]:
    """The body of the answer, and how long its JSON is if tensors stand behind it."""
    tensors = [(tensor, request.binary.get(tensor.name, request.is_binary)) for tensor in answered.outputs]
    head: dict[str, Any] = {"id": answered.id} if answered.id else {}
    head |= {"model_name": answered.face.name, "model_version": answered.face.version}
    json = orjson.dumps(head | {"outputs": [_output(tensor, is_binary) for tensor, is_binary in tensors]})
    behind = [tensor.data for tensor, is_binary in tensors if is_binary]
    return b"".join((json, *behind)), len(json) if behind else None


def _parsed(json: bytes) -> _RequestIn:
    try:
        return _RequestIn.model_validate_json(json)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part)[:40] for part in first["loc"]) or "the request"
        raise BadTensor(f"{where}: {first['msg']}") from error


def _inputs(inputs: list[_InputIn], behind: memoryview) -> tuple[Given, ...]:
    found, at = [], 0
    for one in inputs:
        check_names(one.parameters, ("binary_data_size",), f"input {one.name[:80]!r}")
        size = one.parameters.get("binary_data_size")
        if (size is None) == (one.data is None):
            raise BadTensor(f"input {one.name[:80]!r}: expected either `data` or the parameter `binary_data_size`")
        if size is not None and (type(size) is not int or not 0 <= size <= len(behind) - at):
            raise BadTensor(f"input {one.name[:80]!r}: binary_data_size {str(size)[:40]} of {len(behind) - at} bytes")
        data = one.data if size is None else bytes(behind[at : at + size])
        at += size or 0
        found.append(Given(one.name, one.datatype, one.shape, data or b""))
    if at != len(behind):
        raise BadTensor(f"{len(behind) - at} bytes stand behind the JSON that are no input's")
    return tuple(found)


def _output(tensor: Tensor, is_binary: bool) -> dict[str, Any]:
    said = {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape}
    return said | ({"parameters": {"binary_data_size": len(tensor.data)}} if is_binary else {"data": listed(tensor)})
