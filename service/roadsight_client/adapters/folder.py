"""Pictures in a folder, in the order of their names.

folder --frames--> CameraFrame
       NoFrames
"""

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from roadsight_client.errors import NoFrames
from roadsight_client.frames import CameraFrame, printable

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def frames(path: str | PathLike[str], camera: str | None = None) -> Iterator[CameraFrame]:
    """Names the pictures of a folder and of those below it, one at a time; the id of each is its path from there.

    Raises:
        NoFrames: there is no such folder, or no picture in it.
    """
    folder = Path(path)
    pictures = sorted(found for found in folder.rglob("*") if found.suffix.lower() in SUFFIXES)
    if not pictures:
        raise NoFrames(f"{folder}: no folder with pictures ({', '.join(SUFFIXES)})")
    for picture in pictures:
        yield CameraFrame(picture, printable(picture.relative_to(folder).as_posix()), camera)
