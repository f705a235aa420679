"""Which cameras send one picture over and over: a stuck driver or encoder looks healthy in every other figure.

camera, fingerprint --note--> a repeat or not --many in a row--> frozen, a warning that names the camera

At most `MOST` cameras are remembered, those that spoke last: ids come from clients.
"""

import logging
from time import monotonic
from typing import NamedTuple

log = logging.getLogger(__name__)
MOST = 1024
FROZEN_AFTER = 10  # repeats in a row: sensor noise lets no two frames of a working camera be equal
FORGOTTEN_S = 60.0


class _Last(NamedTuple):
    fingerprint: int
    repeats: int
    at: float  # monotonic seconds


class Cameras:
    """The last fingerprint of each camera."""

    def __init__(self) -> None:
        self._last: dict[str, _Last] = {}  # who spoke last stands last

    def note(self, camera: str, fingerprint: int) -> bool:
        """Takes a frame's fingerprint; whether the frame before had the same."""
        last = self._last.pop(camera, None)
        repeats = last.repeats + 1 if last is not None and last.fingerprint == fingerprint else 0
        self._last[camera] = _Last(fingerprint, repeats, monotonic())
        if len(self._last) > MOST:
            del self._last[next(iter(self._last))]
        if repeats == FROZEN_AFTER:
            log.warning("camera_frozen: %r has sent the same picture %d times", camera, repeats + 1)
        return repeats > 0

    def count(self) -> int:
        """How many sent frames in the last minute."""
        return len(self._recent())

    def frozen(self) -> int:
        """How many of those are frozen."""
        return sum(last.repeats >= FROZEN_AFTER for last in self._recent())

    def _recent(self) -> list[_Last]:
        since = monotonic() - FORGOTTEN_S
        return [last for last in self._last.values() if last.at >= since]
