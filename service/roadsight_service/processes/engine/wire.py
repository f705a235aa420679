"""What the engine and a child of the zygote say to each other; pixels and what comes of them lie in shared memory.

lane --Ask: crops--> engine --Told: outputs, where the crops lay--> lane
checker --Request: a batch for a graph--> engine --Given: what it gives--> checker

A message is a packet of plain values in `marshal`'s form. What one end has asked and not been told fits into a
socket, so nobody ever waits to send.
"""

import marshal
from socket import MSG_DONTWAIT, socket
from typing import Any, NamedTuple

from roadsight_service.processes.engine.memory import Laid
from roadsight_service.processes.wire import Wrong

MESSAGE_BYTES = 1 << 16  # at most


class Ask(NamedTuple):
    """Crops that a lane hands in, at most a batch."""

    key: int  # by which it is told
    task: str
    slot: int  # of the byte that tells whether anybody waits still
    deadline: float  # seconds on the monotonic clock
    at: int  # where they lie
    laid: Laid
    whole: bool  # whether the embedding is wanted, too


class Told(NamedTuple):
    """What became of them."""

    key: int
    wrong: Wrong | None
    laid: Laid  # logits, and the embedding if it was wanted
    began: float  # the inference, by `perf_counter`, which all processes of a machine share; 0 if it did not
    ended: float
    batch: int  # crops in a batch that nobody was told of yet, or 0: who reports it counts each once


class Request(NamedTuple):
    """A batch that a checker hands in: of crops, or for their gradient."""

    task: str
    differentiates: bool
    laid: Laid


class Given(NamedTuple):
    """What a graph gives for it."""

    wrong: Wrong | None
    laid: Laid


def send(line: socket, values: tuple[Any, ...]) -> None:
    """Sends a packet, or nothing.

    Raises:
        OSError: the other end is gone, or does not read what it was told.
    """
    line.send(marshal.dumps(values), MSG_DONTWAIT)


def receive(line: socket) -> tuple[Any, ...] | None:
    """The next packet; None once the other end is gone."""
    said = line.recv(MESSAGE_BYTES)
    return marshal.loads(said) if said else None
