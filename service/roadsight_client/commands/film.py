"""An annotated video: every frame, and on those that were answered the boxes and what they show.

Seen --pixels, boxes--> out.mp4
       NoFrames
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from roadsight_client.answers import Answer, Region
from roadsight_client.commands.pixels import Pixels, bgr
from roadsight_client.errors import NoFrames
from roadsight_client.messages import Seen

USUAL_FPS, MOST_FPS = 10.0, 120.0
COLOURS = {"ok": (0, 200, 0), "uncertain": (0, 160, 255), "unknown": (160, 160, 160)}  # BGR


class Film:
    """Writes the frames of one camera, the first that is seen. The first frame waits for the second: how far apart?"""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._first: Seen | None = None
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def add(self, seen: Seen) -> None:
        """Writes a frame.

        Raises:
            NoFrames: the file can't be written.
        """
        if self._first is None:
            self._first = seen
        elif seen.frame.camera == self._first.frame.camera:
            if self._writer is None:
                self._open(_fps(self._first, seen))
            self._write(seen)

    def close(self) -> None:
        """Finishes the file."""
        if self._first is not None and self._writer is None:
            self._open(USUAL_FPS)
        if self._writer is not None:
            self._writer.release()

    def _open(self, fps: float) -> None:
        assert self._first is not None
        pixels = bgr(self._first.frame.picture)
        self._size = (pixels.shape[1], pixels.shape[0])
        self._writer = cv2.VideoWriter(str(self._path), cv2.VideoWriter.fourcc(*"mp4v"), fps, self._size)
        if not self._writer.isOpened():
            raise NoFrames(f"{self._path}: no video can be written there; its name should end in .mp4")
        self._write(self._first)

    def _write(self, seen: Seen) -> None:
        assert self._writer is not None
        pixels = bgr(seen.frame.picture)
        if isinstance(seen.outcome, Answer):
            for region in seen.outcome.regions:
                _draw(pixels, region)
        self._writer.write(pixels if pixels.shape[1::-1] == self._size else cv2.resize(pixels, self._size))


@contextmanager
def film(path: Path | None) -> Iterator[Film | None]:
    """A film that is finished at the end of the block; None where there is to be none."""
    made = None if path is None else Film(path)
    try:
        yield made
    finally:
        if made is not None:
            made.close()


def _fps(first: Seen, second: Seen) -> float:
    """How many frames a second, by when these two were taken."""
    if first.frame.captured_ns is None or second.frame.captured_ns is None:
        return USUAL_FPS
    apart_ns = second.frame.captured_ns - first.frame.captured_ns
    return min(MOST_FPS, 1e9 / apart_ns) if apart_ns > 0 else USUAL_FPS


def _draw(pixels: Pixels, region: Region) -> None:
    x1, y1, x2, y2 = (round(side) for side in region.box)
    for row, result in enumerate(region.results):
        colour = COLOURS.get(result.status, COLOURS["unknown"])
        likeliest = result.predictions[0] if result.predictions else None
        text = result.reason or "unknown" if likeliest is None else f"{likeliest.label} {likeliest.probability:.2f}"
        cv2.rectangle(pixels, (x1, y1), (x2 - 1, y2 - 1), colour, 2)
        cv2.putText(pixels, text, (x1 + 4, y1 + 16 + 16 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
