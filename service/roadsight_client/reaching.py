"""How a stream's connection is made, again and again if need be.

url --connect--> connection
      Problem, Unreachable
"""

import asyncio
import re
from random import uniform
from time import monotonic
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidProxy, InvalidStatus, InvalidURI

from roadsight_client import tries
from roadsight_client.errors import Problem, Unreachable
from roadsight_client.replies import Reply, refusal

PATH = "/v1/stream"
LONGEST_PAUSE_S = 2.0
UNAVAILABLE = 503  # it starts, or goes down: for a stream it is away


class Reaching:
    """Connects to a service that may be away for a while.

    Args:
        url: of the service, http:// or https://.
        options: of the connection, as `websockets` has them.
        patience_s: how long it may be away.
    """

    def __init__(self, url: str, options: dict[str, Any], patience_s: float) -> None:
        self._url, self._options, self._patience_s = url, options, patience_s
        self._failures, self._failing_since = 0, 0.0

    async def connect(self) -> ClientConnection:
        """Connects, however often it takes.

        Raises:
            Problem: the service refused for good, or for too long.
            Unreachable: it was away for too long.
        """
        uri = re.sub("^http", "ws", self._url, flags=re.IGNORECASE).rstrip("/") + PATH
        while True:
            try:
                return await connect(uri, max_size=tries.MAX_ANSWER_BYTES, compression=None, **self._options)
            except InvalidStatus as error:
                said = error.response
                reply = Reply(said.status_code, said.headers, bytes(said.body or b""))
                away_s = tries.stay_away_s(reply)
                if away_s is None and reply.status != UNAVAILABLE:
                    raise refusal(reply) from error
                await self.failed(refusal(reply), away_s or 0)
            except (InvalidURI, InvalidProxy, ValueError) as error:  # ValueError: of a port or a host that can't be
                raise Unreachable.at(self._url, error) from error
            except (OSError, InvalidHandshake) as error:
                await self.failed(error)

    async def failed(self, why: Exception, away_s: float = 0) -> None:
        """Waits before the next try; ever longer, until there was an answer.

        Raises:
            Problem: `why`, if it is one.
            Unreachable: there was none for too long.
        """
        now = monotonic()
        self._failing_since = self._failing_since if self._failures else now
        pause_s = min(LONGEST_PAUSE_S, tries.FIRST_PAUSE_S * 2 ** min(self._failures, 10))
        self._failures += 1
        due = now + away_s + uniform(0.5, 1) * pause_s
        if due > self._failing_since + self._patience_s:
            raise why if isinstance(why, Problem) else Unreachable.at(self._url, why) from why
        await asyncio.sleep(due - now)

    def answered(self) -> None:
        """Forgets what failed."""
        self._failures = 0
