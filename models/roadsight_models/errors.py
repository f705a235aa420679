"""Everything that can go wrong on the way of a frame, and at the start.

    body --receive--> bytes --decode--> frame --regions--> boxes --queue--> crops --infer--> probabilities
          TooLarge          BadImage          BadRegion          QueueFull        DeadlineMissed
          UnsupportedMediaType                UnknownTask        Draining
          Unauthorized, Forbidden             UnknownVersion     NotReady
          BadParameter, BadTensor             UnknownModel

    bundle --load--> manifest --session--> warm model            (a failure here stops the start)
           BadBundle          ProviderMissing, PrecisionMissing, GoldenMismatch
           UntrustedBundle, BadKey

    task, bundle --beside what serves--> warm model --compared--> it serves      (a failure here changes nothing)
    UnknownBundle, LoadUnsupported       LoadFailed
    LoadInProgress

A client is told everything about its own faults (4xx, and a missed deadline) and a fixed text about ours.
"""

from pathlib import Path
from typing import ClassVar


class RoadsightError(Exception):
    """Base of every error a client may see. `status` and `code` are part of the API: never change them."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"


class BadImage(RoadsightError):
    """The body is not a picture of an accepted kind, or breaks off."""

    status, code = 400, "bad_image"


class BadTensor(RoadsightError):
    """A request in the Open Inference Protocol that can't be read, or does not fit the model. Says what, and why."""

    status, code = 400, "bad_tensor"


class Unauthorized(RoadsightError):
    """Keys are set, and the request has none that is known."""

    status, code = 401, "unauthorized"


class Forbidden(RoadsightError):
    """The key is known, but not for this. Names what it is for."""

    status, code = 403, "forbidden"


class UnknownTask(RoadsightError):
    """No bundle that serves this task is loaded. Names the tasks there are."""

    status, code = 404, "unknown_task"

    def __init__(self, task: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no model serves task {task[:40]!r}; there are: {', '.join(known) or 'none'}")
        self.known = known


class UnknownVersion(RoadsightError):
    """The task is served, but not by this version. Names the one that serves."""

    status, code = 404, "unknown_version"

    def __init__(self, task: str, version: str, served: str) -> None:
        super().__init__(f"task {task!r} has no version {version[:40]!r}; {served} serves")


class UnknownModel(RoadsightError):
    """No model of this name, or not in this version, serves in the Open Inference Protocol. Names those that do."""

    status, code = 404, "unknown_model"


class UnknownBundle(RoadsightError):
    """No bundle of this name and version is there to be loaded. Names those that are."""

    status, code = 404, "unknown_bundle"


class LoadInProgress(RoadsightError):
    """Models are being changed already, one at a time. Says what is going on."""

    status, code = 409, "load_in_progress"


class LoadUnsupported(RoadsightError):
    """The models of this service can't be changed while it runs. Says why."""

    status, code = 409, "load_unsupported"


class LoadFailed(RoadsightError):
    """What was to be loaded does not serve; everything is as it was. `reason` is the code of what is wrong with it."""

    status, code = 422, "load_failed"

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(f"{reason}: {why}")
        self.reason = reason


class TooLarge(RoadsightError):
    """The body or the picture is over a limit. Says which, and the limit."""

    status, code = 413, "too_large"


class UnsupportedMediaType(RoadsightError):
    """The content type names a kind of body that Roadsight does not read. Names those it reads."""

    status, code = 415, "unsupported_media_type"


class BadRegion(RoadsightError):
    """A region that can't be cropped: inverted, wholly outside, not finite; or one object's second. Says which, why."""

    status, code = 422, "bad_region"

    def __init__(self, index: int, box: object, why: str) -> None:
        super().__init__(f"region {index} {repr(box)[:120]}: {why}")
        self.index = index


class BadParameter(RoadsightError):
    """A query value, header or form field that can't be read. Names it."""

    status, code = 422, "bad_parameter"

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")


class QueueFull(RoadsightError):
    """As much waits as may wait; try again after `retry_after_s` seconds."""

    status, code = 429, "queue_full"

    def __init__(self, why: str, retry_after_s: int = 1) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class NotReady(RoadsightError):
    """The models are not warm yet."""

    status, code = 503, "not_ready"


class Draining(RoadsightError):
    """The service is going down and takes no new frames."""

    status, code = 503, "draining"


class DeadlineMissed(RoadsightError):
    """The deadline passed before the answer was ready; nothing more was computed."""

    status, code = 504, "deadline_missed"

    def __init__(self, stage: str) -> None:
        super().__init__(f"the deadline passed before {stage}")
        self.stage = stage


class LaneLost(RoadsightError):
    """A process that works on frames died, or hung and was ended. Another takes its place."""

    code = "lane_lost"


class BadBundle(RoadsightError):
    """A bundle that can't be trusted: a file missing or changed, a manifest that is not understood. Names the file."""

    code = "bad_bundle"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")


class UntrustedBundle(RoadsightError):
    """A bundle that nobody who is trusted has signed, or that was changed since. Says why, key by key."""

    code = "untrusted_bundle"

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"{folder}: {why}")


class BadKey(RoadsightError):
    """A file that should hold a key of an elliptic curve, and does not. Names it."""

    code = "bad_key"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")


class ProviderMissing(RoadsightError):
    """The execution provider that was asked for by name is not there, or did not take the model."""

    code = "provider_missing"


class PrecisionMissing(RoadsightError):
    """The bundle has no graph in the precision that was asked for by name. Names those it has."""

    code = "precision_missing"


class GoldenMismatch(RoadsightError):
    """The session does not reproduce the logits that training gave for the golden inputs."""

    code = "golden_mismatch"
