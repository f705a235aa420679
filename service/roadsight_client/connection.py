"""A connection pool to one service.

frame bytes, parameters --HTTP--> JSON
                        Unreachable, Problem
"""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from roadsight_client.errors import Problem, Unreachable

GRACE_S = 1.0  # for an answer, or a 504, that is still on its way when the deadline passes
_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}

Parameters = dict[str, str | list[str]]
Kind = TypeVar("Kind")


class Connection:
    """Talks to one service. Close it, or use it in a `with` block; connections are kept between calls.

    Args:
        url: where the service is, such as `http://127.0.0.1:8080`.
        timeout_s: the longest wait for connecting, sending or an answer.
        transport: how requests travel; a seam for tests.
        trust_env: whether HTTP_PROXY and the like are heeded.
        key: what the service knows this client by; none where it asks for none.
    """

    def __init__(
        self,
        url: str,
        timeout_s: float = 10.0,
        transport: httpx.BaseTransport | None = None,
        trust_env: bool = True,
        key: str | None = None,
    ) -> None:
        self.url, self._timeout_s = url, timeout_s
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=url, transport=transport, trust_env=trust_env, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _ask(
        self,
        path: str,
        frame: bytes,
        params: Parameters,
        said: Mapping[str, str | None],
        deadline_ms: float | None,
        parse: Callable[[Any], Kind],
    ) -> Kind:
        """Posts a frame, and reads what is said of it; `said` are headers, those that are not None."""
        headers = {"Content-Type": _media_type(frame)}
        headers |= {name: value for name, value in said.items() if value is not None}
        timeout_s = self._timeout_s
        if deadline_ms is not None:
            headers["X-Deadline-Ms"] = str(deadline_ms)
            timeout_s = max(deadline_ms, 0) / 1e3 + GRACE_S
        return _read(self._send("POST", path, timeout_s, content=frame, params=params, headers=headers), parse)

    def _get(self, path: str, parse: Callable[[Any], Kind]) -> Kind:
        """Reads what the service says of itself."""
        return _read(self._send("GET", path, self._timeout_s), parse)

    def _send(
        self,
        method: str,
        path: str,
        timeout_s: float,
        content: bytes | None = None,
        params: Parameters | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        try:
            return self._http.request(method, path, content=content, params=params, headers=headers, timeout=timeout_s)
        except httpx.RequestError as error:
            raise Unreachable(f"{self.url}: {error}") from error


def _media_type(frame: bytes) -> str:
    return next((kind for magic, kind in _MAGIC.items() if frame.startswith(magic)), "image/jpeg")


def _read(response: httpx.Response, parse: Callable[[Any], Kind]) -> Kind:
    if response.status_code != httpx.codes.OK:
        raise _problem(response)
    try:
        return parse(response.json())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Problem(response.status_code, "not_roadsight", response.text[:200]) from error


def _problem(response: httpx.Response) -> Problem:
    try:
        body = response.json()
        return Problem(response.status_code, body["code"], body["detail"])
    except (ValueError, KeyError, TypeError):
        return Problem(response.status_code, "not_roadsight", response.text[:200])
