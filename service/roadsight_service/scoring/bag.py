"""A recording of ROS 2 as an MCAP file: the images of all its cameras, in the order of the log.

file --messages--> CompressedImage, Image --> Recorded; what can't be decoded is a frame that can't be read
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from mcap.reader import NonSeekingReader, make_reader
from mcap.records import Channel, Message, Schema
from mcap_ros2.decoder import DecoderFactory

from roadsight_service.scoring.recorded import Recorded, named, ppm, unreadable

KINDS = frozenset({"sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/Image"})
# Channels of an Image, and what puts them in order.
_ENCODINGS = {
    "rgb8": (3, None),
    "bgr8": (3, cv2.COLOR_BGR2RGB),
    "bgra8": (4, cv2.COLOR_BGRA2RGB),
    "mono8": (1, cv2.COLOR_GRAY2RGB),
}


def frames(path: Path) -> Iterator[Recorded]:
    """The images of every topic; each camera is its topic, each time that of the message's header."""
    source, number, decoders = named(path), 0, DecoderFactory()
    try:
        with path.open("rb") as file:
            for schema, channel, message in _messages(file):
                if schema is not None and schema.name in KINDS:
                    yield _recorded(source, number, decoders, schema, channel, message)
                    number += 1
    except Exception as error:  # what is damaged makes the parser stumble in every way that there is
        yield unreadable(source, number, f"the bag can't be read from here on: {type(error).__name__} {error}", True)


def _recorded(
    source: str, number: int, decoders: DecoderFactory, schema: Schema, channel: Channel, message: Message
) -> Recorded:
    try:
        decode = decoders.decoder_for(channel.message_encoding, schema)
        if decode is None:
            raise ValueError(f"a message in {channel.message_encoding!r}, described in {schema.encoding!r}")
        image = decode(message.data)
        stamp = image.header.stamp
        picture = _picture(image)
    except Exception as error:  # as above, of one message
        return unreadable(source, number, f"{channel.topic}: {type(error).__name__} {error}")
    taken_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
    return Recorded(source, number, lambda: picture, captured_ns=taken_ns, camera=channel.topic)


def _picture(image: Any) -> bytes:
    if not hasattr(image, "encoding"):
        return bytes(image.data)
    if image.encoding not in _ENCODINGS:
        raise ValueError(f"encoding {image.encoding!r}; read are: {', '.join(_ENCODINGS)}")
    channels, order = _ENCODINGS[image.encoding]
    rows = np.frombuffer(image.data, np.uint8).reshape(image.height, image.step)[:, : image.width * channels]
    pixels = rows.reshape(image.height, image.width, channels)
    return ppm(pixels if order is None else cv2.cvtColor(pixels, order).astype(np.uint8, copy=False))


def _messages(file: BinaryIO) -> Iterator[tuple[Schema | None, Channel, Message]]:
    """Those of images, by the index at the file's end; without one all that there are, as they stand in the file."""
    try:
        reader = make_reader(file)
        summary = reader.get_summary()
    except Exception:  # the recorder lost its power, and what it wrote until then is whole
        summary = None
    if summary is None or not summary.chunk_indexes:
        file.seek(0)
        return NonSeekingReader(file).iter_messages(log_time_order=False)  # to sort it would hold all of it
    images = {number for number, schema in summary.schemas.items() if schema.name in KINDS}
    return reader.iter_messages([each.topic for each in summary.channels.values() if each.schema_id in images])
