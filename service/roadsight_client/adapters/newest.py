"""From a callback to a loop: who is slower than the camera misses frames, and never sees an old one.

callback --put--> [one frame] --iteration--> the newest that nobody took
                               NoFrames
"""

from collections.abc import Iterator
from threading import Condition

from roadsight_client.errors import NoFrames
from roadsight_client.frames import CameraFrame


class Newest:
    """A place for one frame: a newer one takes it from the one that waits there.

    Args:
        silence_s: how long the loop waits for a frame.

    Attributes:
        replaced: frames that nobody took.
    """

    def __init__(self, silence_s: float = 10.0) -> None:
        self.replaced = 0
        self._silence_s = silence_s
        self._waiting: CameraFrame | None = None
        self._closed = False
        self._changed = Condition()

    def put(self, frame: CameraFrame) -> None:
        """Leaves a frame, and returns at once."""
        with self._changed:
            self.replaced += self._waiting is not None
            self._waiting = frame
            self._changed.notify()

    def close(self) -> None:
        """Ends the loop, once it has taken the frame that waits."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def __iter__(self) -> Iterator[CameraFrame]:
        while (frame := self._take()) is not None:
            yield frame

    def _take(self) -> CameraFrame | None:
        """The frame that waits, or the next one; None once closed.

        Raises:
            NoFrames: none came within `silence_s`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting is not None or self._closed, self._silence_s):
                raise NoFrames(f"the camera has been silent for {self._silence_s:g} s")
            frame, self._waiting = self._waiting, None
            return frame
