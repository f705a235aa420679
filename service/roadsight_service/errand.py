"""Crops that are left of frames when a lane has begun them: work in pieces, for any lane that comes to it.

batches --Errand--> each inferred once, by whoever comes to it first
"""

from collections import deque
from collections.abc import Callable, Iterable
from time import monotonic

Piece = Callable[[], None]


class Errand:
    """Pieces that may be done in any order, on any thread; several threads may help at once."""

    def __init__(self, camera: str, deadline: float, pieces: Iterable[Piece]) -> None:
        """Takes over pieces.

        Args:
            camera: whose turns they take in the queue.
            deadline: of the most urgent frame among them, in seconds on the monotonic clock.
            pieces: none of them raises.
        """
        self.camera, self.deadline = camera, deadline
        self._to_do = deque(pieces)

    def __len__(self) -> int:
        """How many pieces nobody has in hand yet."""
        return len(self._to_do)

    def help(self, for_s: float) -> None:
        """Does pieces until none is left or the time is up; one at least, if there is one."""
        until = monotonic() + for_s
        while self._to_do:
            try:
                piece = self._to_do.popleft()
            except IndexError:  # another thread was faster
                return
            piece()
            if monotonic() >= until:
                return
