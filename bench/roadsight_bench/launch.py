"""How a server is started, and how it is asked.

Launch, JPEG --form--> request --post--> Answer, or None
"""

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from roadsight_bench.forms import RAW, Form

READY_WITHIN_S = 90
OK = 200
ANSWER_WITHIN_S = 10  # one that opens its model for it, or still has much in hand, is asked again


@dataclass(frozen=True)
class Launch:
    """How a server is started, and how it is asked."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]  # beside what every process gets
    url: str  # where frames go
    form: Form = RAW
    ready_within_s: float = READY_WITHIN_S


@dataclass(frozen=True)
class Answer:
    """What a server said to a frame."""

    headers: dict[str, str]  # names in small letters
    body: bytes
    status: int = OK


def free_url(path: str) -> str:
    """A URL on this machine at a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}{path}"


def ask(launch: Launch, frame: bytes) -> Answer | None:
    """One frame; None where the answer is not 200, or none comes in time."""
    answer = post(launch.url, launch.form.wrap(frame), launch.form.headers, ANSWER_WITHIN_S)
    return answer if answer is not None and answer.status == OK else None


def post(url: str, body: bytes, headers: Mapping[str, str], within_s: float) -> Answer | None:
    """One request on a connection of its own; None where no answer comes in time."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.netloc, timeout=within_s)
    try:
        connection.request("POST", urlunsplit(("", "", *where[2:])), body, headers)
        response = connection.getresponse()
        said = response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    told = {name.lower(): value for name, value in response.getheaders()}
    return Answer(told, said, response.status)
