"""What a request asks, whatever carried it, and whether that fits the model.

parameters, inputs, outputs --Asked--> Face --taken--> pixels or pictures
           BadTensor                        BadTensor
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from roadsight_models.errors import BadTensor
from roadsight_service.inference_protocol import tensors
from roadsight_service.inference_protocol.faces import ANY, Face, Spec
from roadsight_service.room import DEFAULT_PRIORITY, PRIORITIES

Parameters = Mapping[str, Any]
MOST_TENSORS = 16  # in, and out; each is looked at by itself, on the event loop
MOST_PARAMETERS = 32  # likewise, of each and of a request
MOST_CLASSES = 1 << 20
MOST_US = 1 << 62  # an int64 without its edge


class Given(NamedTuple):
    """A tensor that a request holds, before anybody has looked into it."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: bytes | Sequence[Any]  # raw; or numbers, or strings


class Wanted(NamedTuple):
    """An output that a request names."""

    name: str
    classes: int  # the highest so many, by name; 0: the tensor itself


@dataclass(frozen=True)
class Asked:
    """A request for an inference."""

    model: str
    version: str  # the one that serves, if empty
    id: str  # echoed
    inputs: tuple[Given, ...]
    outputs: tuple[Wanted, ...]  # all, if empty
    timeout_us: int  # until the answer must be ready; 0: the service's own
    priority: int  # among what waits of its camera


def read_schedule(parameters: Parameters, *others: str) -> tuple[int, int]:
    """Checks the parameters of a request, and gives its `timeout` in microseconds, 0 if it has none, and `priority`.

    Args:
        parameters: of the request.
        others: that what carried it knows, too.

    Raises:
        BadTensor: one of them is unknown, or is no such number.
    """
    check_names(parameters, ("timeout", "priority", *others), "the request")
    return _whole(parameters, "timeout", MOST_US), _whole(parameters, "priority", PRIORITIES) or DEFAULT_PRIORITY


def read_classes(name: str, parameters: Parameters, *others: str) -> int:
    """Checks the parameters of an output, and gives how many classes of it are wanted; 0: the tensor itself.

    Raises:
        BadTensor: as `read_schedule` does.
    """
    check_names(parameters, ("classification", *others), f"output {name[:80]!r}")
    return _whole(parameters, "classification", MOST_CLASSES)


def read_flag(parameters: Parameters, name: str) -> bool:
    """Whether a parameter is true; it is false where it is not given. Raises BadTensor if it is neither."""
    value = parameters.get(name, False)
    if not isinstance(value, bool):
        raise BadTensor(f"parameter {name!r}: expected true or false, got {str(value)[:40]!r}")
    return value


def check_names(parameters: Parameters, known: tuple[str, ...], of: str) -> None:
    """Raises BadTensor for a parameter that means nothing here: what was meant must not be left out silently."""
    for name in parameters:
        if name.startswith("shared_memory"):
            raise BadTensor(f"{of}: there is no shared memory; send the tensor itself")
        if name.startswith("sequence_"):
            raise BadTensor(f"{of}: there are no sequences; each request stands for itself")
        if name not in known:
            raise BadTensor(f"{of}: unknown parameter {name[:80]!r}; there are: {', '.join(known) or 'none'}")


def taken(face: Face, inputs: Sequence[Given], most: int) -> tuple[int, bytes | list[bytes]]:
    """What a request gives a model to see: how many, and their pixels or their files.

    Args:
        face: the model.
        inputs: of the request.
        most: of a batch.

    Raises:
        BadTensor: the tensor is not the one that is expected: name, datatype, shape, number of elements, values.
    """
    spec = face.input
    if [given.name for given in inputs] != [spec.name]:
        named = ", ".join(repr(given.name[:80]) for given in inputs[:8]) or "none"
        raise BadTensor(f"model {face.name!r} has one input, {spec.name!r}; given: {named}")
    (given,) = inputs
    if given.datatype != spec.datatype:
        raise BadTensor(f"input {spec.name!r} is {spec.datatype}, not {given.datatype[:20]!r}")
    _check_shape(given.shape, spec, most)
    read = tensors.elements if face.is_camera else tensors.pixels
    return given.shape[0], read(given.data, given.shape)


def chosen(face: Face, outputs: Sequence[Wanted]) -> Sequence[Wanted]:
    """The outputs that are answered.

    Raises:
        BadTensor: one is unknown, or named twice.
    """
    there = [spec.name for spec in face.outputs]
    names = [wanted.name for wanted in outputs]
    for name in names:
        if name not in there:
            raise BadTensor(f"model {face.name!r} has no output {name[:80]!r}; there are: {', '.join(there)}")
    if len(set(names)) != len(names):
        raise BadTensor("an output is named twice")
    return outputs or [Wanted(name, 0) for name in there]


def _check_shape(shape: tuple[int, ...], spec: Spec, most: int) -> None:
    # A picture is one element: a batch of them may come as a vector, too.
    fits = len(shape) == len(spec.shape) and shape[1:] == spec.shape[1:]
    if not fits and not (spec.shape[1:] == (1,) and len(shape) == 1):
        raise BadTensor(f"input {spec.name!r} is {list(spec.shape)} with {ANY} for the batch, not {list(shape)[:8]}")
    if not 1 <= shape[0] <= most:
        raise BadTensor(f"a batch of {shape[0]}; it may have 1 to {most}")


def _whole(parameters: Parameters, name: str, most: int) -> int:
    value = parameters.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise BadTensor(f"parameter {name!r}: expected a whole number from 0 to {most}, got {str(value)[:40]!r}")
    return value
