"""How a server is started, and how it is asked.

Launch, JPEG --form--> request --> Answer, or None
"""

import http.client
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from roadsight_bench.forms import RAW, Form

READY_WITHIN_S = 90
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


def free_url(path: str) -> str:
    """A URL on this machine at a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}{path}"


def ask(launch: Launch, frame: bytes) -> Answer | None:
    """One frame; None where the answer is not 200, or none comes in time."""
    url = urlsplit(launch.url)
    connection = http.client.HTTPConnection(url.netloc, timeout=ANSWER_WITHIN_S)
    try:
        connection.request("POST", url.path, launch.form.wrap(frame), launch.form.headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(headers, body) if response.status == 200 else None
