"""What can go wrong for a client.

source --adapter--> frame --socket--> answer --parse--> Answer
       NoFrames           Unreachable        Problem (the service said no, and why)
"""

import re


class ClientError(Exception):
    """Base of every error of this package."""


class Unreachable(ClientError):
    """No answer: nobody listens, the connection broke, or the time was up."""

    @classmethod
    def at(cls, url: str, why: object) -> "Unreachable":
        """Says where and why, and never the user and password that a URL may have."""
        secret, said = re.match(r"(?s)(?:\w+://)?([^/?#]*@)", url), f"{url}: {why}"
        return cls(said.replace(secret[1], "") if secret else said)


class NoFrames(ClientError):
    """A source of frames can't be opened or read, has none, or is silent."""


class Problem(ClientError):
    """The service refused: `status` and the stable `code` of its problem+json, and `detail` in words.

    `retry_after_s` says how long to stay away, if the service did. A code that has no class below is of this one.
    """

    def __init__(self, status: int, code: str, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail, self.retry_after_s = status, code, detail, retry_after_s


class NotRoadsight(Problem):
    """Somebody else answered, such as a proxy; or the answer lacks what every answer has."""


class BadImage(Problem):
    """The frame is not a picture, is damaged or breaks off."""


class Unauthorized(Problem):
    """The service asks for a key, and knows none of this client."""


class Forbidden(Problem):
    """The key is not for this."""


class UnknownTask(Problem):
    """No model serves the task."""


class UnknownVersion(Problem):
    """Another version serves the task."""


class TooLarge(Problem):
    """The frame is over a limit of the service, in bytes or in pixels."""


class UnsupportedMediaType(Problem):
    """The service reads no frames of this kind."""


class BadRegion(Problem):
    """A box is inverted, not finite, wholly outside or too small to be checked; or has the track of one before it."""


class BadParameter(Problem):
    """A parameter that can't be read."""


class QueueFull(Problem):
    """As much waits as may wait, or so much that the answer would be late."""


class NotReady(Problem):
    """The models are not warm yet."""


class Draining(Problem):
    """The service is going down."""


class DeadlineMissed(Problem):
    """The deadline passed; nothing more was computed."""


KINDS: dict[str, type[Problem]] = {
    "not_roadsight": NotRoadsight,
    "bad_image": BadImage,
    "unauthorized": Unauthorized,
    "forbidden": Forbidden,
    "unknown_task": UnknownTask,
    "unknown_version": UnknownVersion,
    "too_large": TooLarge,
    "unsupported_media_type": UnsupportedMediaType,
    "bad_region": BadRegion,
    "bad_parameter": BadParameter,
    "queue_full": QueueFull,
    "not_ready": NotReady,
    "draining": Draining,
    "deadline_missed": DeadlineMissed,
}
