"""What a zygote answers, a line of JSON each: one that comes too late is not taken for the answer to the next question.

socket --lines--> Answers --> one a question; None from a zygote that ended or hangs
                              TimeoutError
"""

import json
from socket import socket
from typing import Any


class Answers:
    """The answers that come in on a socket."""

    def __init__(self, line: socket) -> None:
        self._line, self._reader = line, line.makefile("rb")
        self._awaited = 0  # the last of them is what is waited for

    def next(self, within_s: float) -> dict[str, Any] | None:
        """The answer to a question that was just asked; None if there will be none.

        Raises:
            TimeoutError: it did not come in time, for the first time.
        """
        self._awaited += 1
        self._line.settimeout(within_s)
        line = b""
        try:
            while self._awaited and (line := self._reader.readline()):
                self._awaited -= 1
        except TimeoutError:
            self._reader.close()  # after a time-out a reader reads no more
            self._reader = self._line.makefile("rb")
            if self._awaited == 1:
                raise
            return None  # nor did the answer to the question before
        except OSError:  # it hung up before it had read all
            return None
        return dict(json.loads(line)) if line else None

    def close(self) -> None:
        """Reads no more."""
        self._reader.close()
