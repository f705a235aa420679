"""A connection pool to one service: the only part that knows how requests travel, and whether one waits or awaits.

Question --HTTP--> Reply --> what the question reads of it
         Unreachable         Problem
"""

import asyncio
import os
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from roadsight_client import questions
from roadsight_client.errors import Unreachable
from roadsight_client.frames import CameraFrame
from roadsight_client.questions import Question
from roadsight_client.reaching import Reaching
from roadsight_client.replies import Reply
from roadsight_client.streaming import Streaming
from roadsight_client.tries import Tries

DEFAULT_URL = "http://127.0.0.1:8080"
Kind = TypeVar("Kind")


class Service(ABC):
    """Which service, and how patiently it is asked; connections are kept between calls.

    Args:
        url: where the service is, such as `http://127.0.0.1:8080`.
        timeout_s: the longest wait for an answer, where no deadline is named.
        transport: how requests travel; a seam for tests.
        trust_env: whether HTTP_PROXY and the like are heeded.
        key: what the service knows this client by; none where it asks for none.
        retries: how often a question is asked again, see `tries`.

    Raises:
        Unreachable: the URL is none.
        ValueError: the key has spaces, or what is not printable ASCII.
    """

    def __init__(
        self,
        url: str,
        timeout_s: float = 10.0,
        transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
        trust_env: bool = True,
        key: str | None = None,
        retries: int = 2,
    ) -> None:
        self.url, self._timeout_s, self._retries, self._trust_env = url, timeout_s, retries, trust_env
        if key is not None and not re.fullmatch("[!-~]+", key):
            raise ValueError("the key is none: printable ASCII without spaces")  # never tells the key
        self._headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        try:
            httpx.URL(url).raw_host.decode().encode("idna")  # as a socket does: no label has over 63 characters
            self._open({"base_url": url, "transport": transport, "trust_env": trust_env, "headers": self._headers})
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Unreachable.at(url, error) from error

    @classmethod
    def from_env(cls, **options: Any) -> Self:
        """Asks the service at ROADSIGHT_URL with the key ROADSIGHT_KEY; or else a local one with none."""
        given = {"url": os.environ.get("ROADSIGHT_URL") or DEFAULT_URL, "key": os.environ.get("ROADSIGHT_KEY") or None}
        return cls(**given | options)

    @abstractmethod
    def _open(self, options: Mapping[str, Any]) -> None:
        """Makes the pool of connections."""

    def _streaming(self, frames: Iterable[CameraFrame], patience_s: float, asked: questions.Asked) -> Streaming:
        connection = {"additional_headers": self._headers, "proxy": self._trust_env or None}
        return Streaming(Reaching(self.url, connection, patience_s), frames, partial(questions.classify, **asked))

    def _tries(self, question: Question[Any]) -> Tries:
        return Tries(self.url, question, self._timeout_s, self._retries)


class Connection(Service):
    """Asks, and waits. Close it, or use it in a `with` block. One may be used by many threads.

    Connecting, sending and each wait for more of an answer may take what is left; `AsyncConnection` ends on time.
    """

    def _open(self, options: Mapping[str, Any]) -> None:
        self._http = httpx.Client(**options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def ask(self, question: Question[Kind]) -> Kind:
        """Asks until there is an answer that stands."""
        tries = self._tries(question)
        while (reply := tries.settle(self._send(tries))) is None:
            time.sleep(tries.pause_s)
        return question.read(reply)

    def _send(self, tries: Tries) -> Reply | httpx.RequestError:
        content = bytearray()
        try:
            with self._http.stream(**tries.request()) as response:
                for chunk in response.iter_bytes():
                    content += chunk
                    tries.check(len(content))
        except httpx.RequestError as error:
            return error
        return Reply(response.status_code, response.headers, bytes(content))


class AsyncConnection(Service):
    """Asks, and awaits, on asyncio. Close it, or use it in an `async with` block."""

    def _open(self, options: Mapping[str, Any]) -> None:
        self._http = httpx.AsyncClient(**options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def ask(self, question: Question[Kind]) -> Kind:
        """Asks until there is an answer that stands."""
        tries = self._tries(question)
        while (reply := tries.settle(await self._send(tries))) is None:
            await asyncio.sleep(tries.pause_s)
        return question.read(reply)

    async def _send(self, tries: Tries) -> Reply | httpx.RequestError:
        content = bytearray()
        try:
            async with asyncio.timeout(tries.left_s), self._http.stream(**tries.request()) as response:
                async for chunk in response.aiter_bytes():
                    content += chunk
                    tries.check(len(content))
        except TimeoutError:
            return httpx.ReadTimeout("the time is up")
        except httpx.RequestError as error:
            return error
        return Reply(response.status_code, response.headers, bytes(content))
