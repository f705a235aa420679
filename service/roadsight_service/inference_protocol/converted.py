"""Between gRPC's messages and what the protocol means by them.

ModelInferRequest --asked--> Asked ... Answered --response--> ModelInferResponse
                  BadTensor, TooLarge

KServe's client says what HTTP needs to know of binary data here, too; it changes nothing.
"""

from typing import Any

from roadsight_models.errors import BadTensor, TooLarge
from roadsight_service.inference_protocol.answering import Answered
from roadsight_service.inference_protocol.asked import (
    MOST_PARAMETERS,
    MOST_TENSORS,
    Asked,
    Given,
    Parameters,
    Wanted,
    check_names,
    read_classes,
    read_schedule,
)
from roadsight_service.inference_protocol.messages import message

MOST_NUMBERS = 1_000_000  # one by one in a message; reading them holds up everybody
_CONTENTS = {"UINT8": "uint_contents", "BYTES": "bytes_contents"}


def asked(request: Any, left_us: int) -> Asked:
    """Reads a request.

    Args:
        request: a ModelInferRequest.
        left_us: until the call itself is over, in microseconds; 0 if it may take for ever.

    Raises:
        BadTensor: a parameter means nothing here; tensors and raw contents do not go together; there are too many.
        TooLarge: more numbers than may be read one by one.
    """
    for named, each in (("inputs", request.inputs), ("outputs", request.outputs)):
        if len(each) > MOST_TENSORS:
            raise BadTensor(f"{len(each)} {named}; a request may have {MOST_TENSORS}")
    timeout_us, priority = read_schedule(parameters(request.parameters), "binary_data_output")
    wanted = [
        Wanted(one.name, read_classes(one.name, parameters(one.parameters), "binary_data")) for one in request.outputs
    ]
    limits = [each for each in (timeout_us, left_us) if each]
    inputs = tuple(_given(one, raw) for one, raw in zip(request.inputs, _raw(request), strict=True))
    which = request.model_name, request.model_version, request.id
    return Asked(*which, inputs, tuple(wanted), min(limits, default=0), priority)


def response(answered: Answered) -> Any:
    """Makes a ModelInferResponse, its tensors raw."""
    said = message("ModelInferResponse")(
        model_name=answered.face.name, model_version=answered.face.version, id=answered.id
    )
    for tensor in answered.outputs:
        said.outputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
        said.raw_output_contents.append(tensor.data)
    return said


def parameters(of: Any) -> Parameters:
    """A map of parameters as plain values; raises BadTensor if there are too many."""
    if len(of) > MOST_PARAMETERS:
        raise BadTensor(f"{len(of)} parameters; there may be {MOST_PARAMETERS}")
    return {name: getattr(one, one.WhichOneof("parameter_choice") or "", None) for name, one in of.items()}


def _raw(request: Any) -> list[bytes | None]:
    """The raw contents of each input; None where its message has them."""
    if not request.raw_input_contents:
        return [None] * len(request.inputs)
    if len(request.raw_input_contents) != len(request.inputs):
        raise BadTensor(f"{len(request.inputs)} inputs, {len(request.raw_input_contents)} raw contents")
    if any(one.HasField("contents") for one in request.inputs):
        raise BadTensor("inputs have either contents or raw contents")
    return list(request.raw_input_contents)


def _given(one: Any, raw: bytes | None) -> Given:
    check_names(parameters(one.parameters), ("binary_data_size",), f"input {one.name[:80]!r}")
    data = getattr(one.contents, _CONTENTS.get(one.datatype, ""), ()) if raw is None else raw
    if raw is None and len(data) > MOST_NUMBERS:
        raise TooLarge(f"over {MOST_NUMBERS} elements one by one; send raw_input_contents")
    return Given(one.name, one.datatype, tuple(one.shape), data)
