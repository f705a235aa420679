"""Recordings of ROS 2 as MCAP files. Needs `pip install 'roadsight[mcap]'`.

DRIVE.mcap --frames--> CameraFrame, in the order of the log
           NoFrames
"""

from collections.abc import Callable, Collection, Iterator
from os import PathLike
from pathlib import Path
from typing import Any

from mcap.reader import McapReader, make_reader
from mcap.records import Schema
from mcap_ros2.decoder import DecoderFactory

from roadsight_client.adapters import ros2
from roadsight_client.errors import NoFrames
from roadsight_client.frames import CameraFrame

KINDS = ("sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/Image")


def frames(path: str | PathLike[str], topics: Collection[str] = ()) -> Iterator[CameraFrame]:
    """Reads the images of a recording, one at a time; the camera of each is its topic.

    Args:
        path: of an MCAP file whose messages are of ROS 2.
        topics: those to read; every topic of images if empty.

    Raises:
        NoFrames: the file can't be read, has no such images, or some that `ros2.frame` refuses.
    """
    found = False
    try:
        with Path(path).open("rb") as file:
            reader = make_reader(file, decoder_factories=[_Images()])
            for _, channel, _, message in reader.iter_decoded_messages(topics or _topics(reader)):
                if message is not None:
                    found = True
                    yield ros2.frame(message, channel.topic)
    except Exception as error:  # what is damaged makes the parsers stumble in every way that there is
        raise NoFrames(f"{path}: {type(error).__name__} {error}; `mcap recover` mends what was cut off") from error
    if not found:
        raise NoFrames(f"{path}: no image of ROS 2 in {', '.join(topics) or 'any topic'}")


class _Images(DecoderFactory):
    """Decodes images, and of everything else makes None."""

    def decoder_for(self, message_encoding: str, schema: Schema | None) -> Callable[[bytes], Any] | None:
        if schema is None or schema.name not in KINDS:
            return lambda _: None
        return super().decoder_for(message_encoding, schema)


def _topics(reader: McapReader) -> list[str] | None:
    """The topics of images, so that nothing else is read from the disk; None where the file has no summary."""
    summary = reader.get_summary()
    if summary is None:
        return None
    images = {number for number, schema in summary.schemas.items() if schema.name in KINDS}
    return [channel.topic for channel in summary.channels.values() if channel.schema_id in images]
