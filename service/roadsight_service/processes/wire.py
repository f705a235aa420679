"""What the serving process and a lane say to each other, on a socket between them.

serving process --round: pieces, then their bodies--> lane
serving process <--report: answers, or what went wrong-- lane
serving process --question, then the body--> checker
serving process <--finding, or what went wrong-- checker

A message is its length and plain values in `marshal`'s form: both ends are one version of one interpreter.
"""

import marshal
import struct
from typing import Any, NamedTuple

from roadsight_models.errors import RoadsightError
from roadsight_models.judgement import Judgement, Prediction

HEAD = struct.Struct("<I")
LANE, CHECKER = b"L", b"C"  # what the zygote is asked for

Given = tuple[bytes, bytes]  # logits and embedding of one crop that a client cut
Said = tuple[str, str | None, tuple[tuple[int, float], ...], float | None]  # of one region by one model
Wrong = tuple[str, str, dict[str, Any]]  # code, text, fields


class Piece(NamedTuple):
    """What a lane is asked: some of the regions of a frame, or all."""

    slot: int  # of the byte that tells whether anybody waits still
    body_bytes: int
    deadline: float  # seconds on the monotonic clock, which all processes share
    boxes: tuple[tuple[float, float, float, float], ...]  # all; the whole frame if none
    first: int  # of those that are meant
    end: int
    tasks: tuple[str, ...]
    top: int
    squeezed: bool
    cut: bool  # whether the body is crops that the client cut: then what the graph gives is wanted
    layout: tuple[Any, ...] | None = None  # what the `Layout` of a raw frame is made of


class Reply(NamedTuple):
    """What a lane says of a piece."""

    slot: int
    wrong: Wrong | None
    width: int
    height: int
    rows: tuple[Any, ...]  # Said, [region][task]; of crops that the client cut Given, [crop]
    spent: dict[str, float]  # seconds by stage
    quality: tuple[Any, ...]  # what `Quality` is made of; nothing if it is wrong, or cut


class Report(NamedTuple):
    """What a lane says at one time."""

    replies: tuple[Reply, ...]
    batches: tuple[int, ...]  # crops in each inference
    spent_s: float | None  # on the round, once it is done


def message(values: Any) -> bytes:
    """A message of plain values."""
    packed = marshal.dumps(values)
    return HEAD.pack(len(packed)) + packed


def plain(judgement: Judgement) -> Said:
    """A judgement as plain values."""
    predictions = tuple([(one.index, one.probability) for one in judgement.predictions])
    return judgement.status, judgement.reason, predictions, judgement.suspicion


def judgement(said: Said, labels: tuple[str, ...]) -> Judgement:
    """The same again."""
    status, reason, predictions, suspicion = said
    named = tuple([Prediction(labels[index], index, probability) for index, probability in predictions])
    return Judgement(status, reason, named, suspicion)  # type: ignore[arg-type]  # `plain` had it from one


def described(error: BaseException) -> Wrong:
    """An error as plain values; one that is not of the family by its text alone."""
    if isinstance(error, RoadsightError):
        return error.code, str(error), vars(error)
    return RoadsightError.code, f"{type(error).__name__}: {error}", {}


def rebuilt(wrong: Wrong) -> Exception:
    """The same again."""
    code, text, fields = wrong
    family = {kind.code: kind for kind in RoadsightError.__subclasses__()}
    kind = family.get(code, RuntimeError)
    error = kind.__new__(kind, text)  # its text is made already, its own words are not there
    vars(error).update(fields)
    return error
