"""A video file, frame by frame.

file --demux, decode--> Recorded; a packet that can't be decoded is a frame that can't be read
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from roadsight_models.errors import BadImage
from roadsight_service.scoring.recorded import Recorded, named, ppm, unreadable


def frames(path: Path) -> Iterator[Recorded]:
    """The frames of the first video stream, in the order they are shown; an orientation tag is ignored."""
    source, number = named(path), 0
    try:
        with av.open(path) as container:
            if not container.streams.video:
                raise ValueError("no video in it")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for packet in container.demux(stream):
                try:
                    decoded = packet.decode()
                except av.FFmpegError as error:
                    yield unreadable(source, number, error)
                    number += 1
                    continue
                for frame in decoded:
                    yield Recorded(source, number, partial(_picture, frame), offset_ns=_offset_ns(frame))
                    number += 1
    except (av.FFmpegError, ValueError) as error:
        yield unreadable(source, number, f"the video can't be read from here on: {error}", True)


def _picture(frame: VideoFrame) -> bytes:
    try:
        return ppm(frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False))
    except (av.FFmpegError, ValueError) as error:
        raise BadImage(f"no RGB can be made of {frame.format.name}: {error}") from error


def _offset_ns(frame: VideoFrame) -> int | None:
    if frame.pts is None or frame.time_base is None:
        return None
    return int(frame.pts * frame.time_base * 1_000_000_000)
