"""What a service can be asked: a question is made here, whoever carries it.

frame, regions, options --classify-->   Question --> Answer
frame, region, options  --robustness--> Question --> Check
                        --models-->     Question --> Model(s)
                        --ready-->      Question --> bool
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypedDict, TypeVar

from roadsight_client import answers, frames, replies, served
from roadsight_client.replies import Reply

Kind = TypeVar("Kind")
Parameters = dict[str, str | list[str]]


class Asked(TypedDict, total=False):
    """What may be asked of every frame of a stream, as `classify` has it."""

    tasks: Sequence[str]
    version: str
    top: int
    suspicion: bool
    deadline_ms: float


@dataclass(frozen=True)
class Question(Generic[Kind]):
    """One request, and how its reply is read."""

    path: str
    read: Callable[[Reply], Kind]
    method: str = "GET"
    content: bytes | None = None
    params: Parameters = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    deadline_ms: float | None = None
    once: bool = False  # whatever comes back stands


def ready() -> Question[bool]:
    """Asks whether every model is warm.

    Raises:
        Unreachable: nobody answered.
    """
    return Question("/readyz", lambda reply: reply.status == replies.OK, once=True)


def models() -> Question[tuple[served.Model, ...]]:
    """Asks what serves, with its published figures.

    Raises:
        Problem: the service refused.
        Unreachable: no answer came.
    """
    return Question("/v1/models", partial(replies.read, parse=served.parse))


def classify(
    frame: frames.Picture | frames.CameraFrame,
    regions: Sequence[frames.Region] | None = None,
    *,
    tasks: Sequence[str] = (),
    version: str | None = None,
    top: int | None = None,
    suspicion: bool = False,
    frame_id: str | None = None,
    camera_id: str | None = None,
    captured_at: str | None = None,
    deadline_ms: float | None = None,
) -> Question[answers.Answer]:
    """Asks what the regions of a frame show.

    Args:
        frame: an encoded JPEG, PNG or WebP; the path of one; an image of Pillow; a `RawFrame`; or one of these as a
            `CameraFrame`, which brings its id, camera, time and regions.
        regions: boxes x1, y1, x2, y2 in pixels, right and bottom exclusive, or `Tracked`; if None those of the
            `CameraFrame`, or else the whole frame.
        tasks: the tasks to answer; all that are served if empty.
        version: the version that must answer; whichever serves if None.
        top: how many classes to name, 0 for all.
        suspicion: say how far each answer hangs on detail, at three times the inference.
        frame_id: echoed.
        camera_id: echoed; cameras take turns.
        captured_at: RFC 3339 with offset, or nanoseconds since the epoch; echoed.
        deadline_ms: milliseconds that the answer is worth having, all tries together; the wait ends a second later.

    Raises:
        Problem: the service refused; each code is a class of its own.
        Unreachable: no answer came.
        OSError: the path of a file that can't be read.
        TypeError: no frame.
        UnicodeEncodeError: an id that is not ASCII.
    """
    shot = frame if isinstance(frame, frames.CameraFrame) else frames.CameraFrame(frame)
    params: Parameters = {"task": list(tasks)} if tasks else {}
    boxes = shot.regions if regions is None else regions
    if boxes is not None:
        params["regions"] = json.dumps([_region(box) for box in boxes], default=float)  # numpy's numbers, too
    if version is not None:
        params["version"] = version
    if top is not None:
        params["top"] = str(top)
    if suspicion:
        params["suspicion"] = "true"
    taken = None if shot.captured_ns is None else str(shot.captured_ns)
    said = {
        "X-Frame-Id": frame_id or shot.id,
        "X-Camera-Id": camera_id or shot.camera,
        "X-Captured-At": captured_at or taken,
    }
    return about(shot.picture, "/v1/classify", params, said, deadline_ms, answers.parse)


def _region(region: frames.Region) -> list[float] | dict[str, Any]:
    if isinstance(region, frames.Tracked):
        return {"box": list(region.box), "track": region.track}
    return list(region)


def about(
    picture: frames.Picture,
    path: str,
    params: Parameters,
    said: Mapping[str, str | None],
    deadline_ms: float | None,
    parse: Callable[[Any], Kind],
) -> Question[Kind]:
    """A question about a picture; `said` are headers, those that are not None."""
    content, media_type = frames.body(picture)
    headers = {"Content-Type": media_type} | {name: value for name, value in said.items() if value is not None}
    return Question(path, partial(replies.read, parse=parse), "POST", content, params, headers, deadline_ms)
