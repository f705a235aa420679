"""The client: one connection pool, one method per question.

frame bytes, regions --POST /v1/classify--> Answer
                     Unreachable, Problem
"""

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import httpx

from roadsight_client import answers
from roadsight_client.errors import Problem, Unreachable

GRACE_S = 1.0  # for an answer, or a 504, that is still on its way when the deadline passes
_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}


class Client:
    """Talks to one service. Close it, or use it in a `with` block; connections are kept between calls.

    Args:
        url: where the service is, such as `http://127.0.0.1:8080`.
        timeout_s: the longest wait for connecting, sending or an answer.
        transport: how requests travel; a seam for tests.
        trust_env: whether HTTP_PROXY and the like are heeded.
    """

    def __init__(
        self,
        url: str,
        timeout_s: float = 10.0,
        transport: httpx.BaseTransport | None = None,
        trust_env: bool = True,
    ) -> None:
        self.url, self._timeout_s = url, timeout_s
        self._http = httpx.Client(base_url=url, transport=transport, trust_env=trust_env)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def ready(self) -> bool:
        """Whether every model is warm.

        Raises:
            Unreachable: nobody answered.
        """
        return self._send("GET", "/readyz", self._timeout_s).status_code == httpx.codes.OK

    def classify(
        self,
        frame: bytes,
        regions: Sequence[Sequence[float]] | None = None,
        *,
        tasks: Sequence[str] = (),
        version: str | None = None,
        top: int | None = None,
        frame_id: str | None = None,
        camera_id: str | None = None,
        captured_at: str | None = None,
        deadline_ms: float | None = None,
    ) -> answers.Answer:
        """Asks what the regions of a frame show.

        Args:
            frame: an encoded JPEG, PNG or WebP.
            regions: boxes x1, y1, x2, y2 in pixels, right and bottom exclusive; the whole frame if None.
            tasks: the tasks to answer; all that are served if empty.
            version: the version that must answer; whichever serves if None.
            top: how many classes to name, 0 for all.
            frame_id: echoed.
            camera_id: echoed; cameras take turns.
            captured_at: RFC 3339 with offset, or nanoseconds since the epoch; echoed.
            deadline_ms: how long the answer is worth having, in milliseconds; the wait ends a second later.

        Raises:
            Problem: the service refused; `code` is stable.
            Unreachable: no answer came.
            UnicodeEncodeError: an id that is not ASCII.
        """
        params: dict[str, str | list[str]] = {"task": list(tasks)} if tasks else {}
        if regions is not None:
            params["regions"] = json.dumps([list(box) for box in regions], default=float)  # numpy's numbers, too
        if version is not None:
            params["version"] = version
        if top is not None:
            params["top"] = str(top)
        headers = {"Content-Type": _media_type(frame)}
        said = {"X-Frame-Id": frame_id, "X-Camera-Id": camera_id, "X-Captured-At": captured_at}
        headers |= {name: value for name, value in said.items() if value is not None}
        timeout_s = self._timeout_s
        if deadline_ms is not None:
            headers["X-Deadline-Ms"] = str(deadline_ms)
            timeout_s = max(deadline_ms, 0) / 1e3 + GRACE_S
        response = self._send("POST", "/v1/classify", timeout_s, content=frame, params=params, headers=headers)
        if response.status_code != httpx.codes.OK:
            raise _problem(response)
        try:
            return answers.parse(response.json())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Problem(response.status_code, "not_roadsight", response.text[:200]) from error

    def _send(
        self,
        method: str,
        path: str,
        timeout_s: float,
        content: bytes | None = None,
        params: dict[str, str | list[str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        try:
            return self._http.request(method, path, content=content, params=params, headers=headers, timeout=timeout_s)
        except httpx.RequestError as error:
            raise Unreachable(f"{self.url}: {error}") from error


def _media_type(frame: bytes) -> str:
    return next((kind for magic, kind in _MAGIC.items() if frame.startswith(magic)), "image/jpeg")


def _problem(response: httpx.Response) -> Problem:
    try:
        body = response.json()
        return Problem(response.status_code, body["code"], body["detail"])
    except (ValueError, KeyError, TypeError):
        return Problem(response.status_code, "not_roadsight", response.text[:200])
