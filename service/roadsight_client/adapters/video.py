"""Webcams, video files and cameras on the network, by OpenCV. Needs `opencv-python-headless`.

number, rtsp://... --thread--> Newest --frames--> CameraFrame: whoever is slow misses some
video file         ---------------------frames--> CameraFrame: every one
                   NoFrames

The service never fetches a URL; it is this side that does.
"""

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from os import PathLike, fspath
from pathlib import Path
from threading import Event, Thread
from time import time_ns
from urllib.parse import urlsplit

import cv2
import numpy as np

from roadsight_client.adapters.newest import Newest
from roadsight_client.errors import NoFrames
from roadsight_client.frames import CameraFrame, printable
from roadsight_client.raw import RawFrame

PATIENCE_MS = 10_000  # for a camera that is to be opened, or has gone silent
Source = str | PathLike[str] | int


def is_live(source: Source) -> bool:
    """Whether frames come whether one takes them or not."""
    return isinstance(source, int) or "://" in fspath(source)


def frames(source: Source, camera: str | None = None, jpeg: int | None = None) -> Iterator[CameraFrame]:
    """Takes frames, one at a time; ids count those that the source had.

    A live frame's time is when it was taken from the camera; a recorded one's is as if the video had begun to play now.

    Args:
        source: number of a webcam; path of a video; URL of a stream, such as `rtsp://...`.
        camera: what the service is told; if None the name of the file, or a URL's host (never its user and password).
        jpeg: quality, 1 to 100; None sends pixels as they are, which loses nothing and is much for a network.

    Raises:
        NoFrames: it can't be opened, has no frame, or went silent.
    """
    name = camera or _name(source)
    capture, found = _open(source, name), False
    with _watched(capture, name) if is_live(source) else closing(_recorded(capture, name)) as taken:
        for frame in taken:
            found = True
            yield frame if jpeg is None else _encoded(frame, jpeg)
    if not found:
        raise NoFrames(f"{name}: no frame in it")


def _name(source: Source) -> str:
    if isinstance(source, int):
        return f"webcam-{source}"
    return printable(urlsplit(fspath(source)).hostname or "stream" if is_live(source) else Path(source).name)


def _open(source: Source, name: str) -> cv2.VideoCapture:
    if isinstance(source, int):
        capture = cv2.VideoCapture(source)
    else:
        patience = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, PATIENCE_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, PATIENCE_MS]
        capture = cv2.VideoCapture(fspath(source), cv2.CAP_FFMPEG, patience)
    if not capture.isOpened():
        raise NoFrames(f"{name}: can't be opened as a video or camera")
    return capture


def _recorded(capture: cv2.VideoCapture, name: str) -> Generator[CameraFrame]:
    began_ns = time_ns()
    for number, pixels in _pixels(capture):
        at_ns = began_ns + int(capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6)
        yield CameraFrame(RawFrame.of(pixels, "bgr"), str(number), name, at_ns)


@contextmanager
def _watched(capture: cv2.VideoCapture, name: str) -> Iterator[Newest]:
    """Reads on a thread of its own, so that nothing old waits in the buffers behind the camera."""
    newest, stopped = Newest(PATIENCE_MS / 1e3), Event()

    def watch() -> None:
        with closing(_pixels(capture)) as read:
            for number, pixels in read:
                newest.put(CameraFrame(RawFrame.of(pixels, "bgr"), str(number), name, time_ns()))
                if stopped.is_set():
                    break
        newest.close()

    Thread(target=watch, daemon=True).start()  # a camera that hangs must not keep the program
    try:
        yield newest
    finally:
        stopped.set()


def _pixels(capture: cv2.VideoCapture) -> Generator[tuple[int, cv2.typing.MatLike]]:
    """Reads until there is nothing more; uint8 [H, W, 3] BGR, counted."""
    try:
        for number in count():
            read, pixels = capture.read()
            if not read:
                return
            yield number, pixels
    finally:
        capture.release()


def _encoded(frame: CameraFrame, quality: int) -> CameraFrame:
    raw = frame.picture
    assert isinstance(raw, RawFrame)
    pixels = np.frombuffer(raw.data, np.uint8).reshape(raw.height, raw.width, 3)
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return replace(frame, picture=data.tobytes())
