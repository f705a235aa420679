"""Work in pieces, which a lane shares with lanes that have nothing to do.

pieces --Errand--> each done once, by whoever comes to it first
"""

from collections import deque
from collections.abc import Callable, Iterable
from threading import Condition

Piece = Callable[[], None]


class Errand:
    """Pieces that may be done in any order, on any thread."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._to_do = deque(pieces)
        self._unfinished = len(self._to_do)
        self._changed = Condition()

    def help(self) -> None:
        """Does pieces until every one is done or in somebody's hands."""
        while self._to_do:
            try:
                piece = self._to_do.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                piece()
            finally:
                with self._changed:
                    self._unfinished -= 1
                    self._changed.notify_all()

    def finish(self) -> None:
        """Helps, then waits for the pieces that others have in hand."""
        self.help()
        with self._changed:
            self._changed.wait_for(lambda: self._unfinished == 0)
