"""A frame of a recording, and which files hold frames.

paths --find--> pictures, recordings
      BadParameter
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from roadsight_models.errors import BadImage, BadParameter
from roadsight_models.frame import Pixels

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
VIDEOS = frozenset({".mp4", ".m4v", ".mkv", ".webm", ".mov", ".avi", ".ts"})
BAGS = frozenset({".mcap"})


@dataclass(frozen=True)
class Recorded:
    """A frame, not yet looked at."""

    source: str  # the file that it is in
    frame: int  # its number there, from 0
    take: Callable[[], bytes]  # a picture file; raises BadImage
    captured_ns: int | None = None  # since the epoch
    offset_ns: int | None = None  # since the video began
    camera: str | None = None  # the topic of a bag
    breaks_off: bool = False  # the file can't be read from here on


def unreadable(source: str, frame: int, why: object, breaks_off: bool = False) -> Recorded:
    """A frame that is there, or should be, and can't be had."""

    def take() -> bytes:
        raise BadImage(str(why))

    return Recorded(source, frame, take, breaks_off=breaks_off)


def ppm(pixels: Pixels) -> bytes:
    """Pixels, uint8 [H, W, 3] RGB, as the file that a frame is made of: PPM, a header and the pixels as they are."""
    height, width = pixels.shape[:2]
    return b"P6\n%d %d\n255\n" % (width, height) + pixels.tobytes()


def named(path: Path) -> str:
    """What a file is called in rows: its path as it was given, in text that Parquet can hold, and no other's."""
    return os.fspath(path).encode("utf-8", "backslashreplace").decode()


def find(given: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The pictures, and the videos and bags, among these files and in these folders; sorted, each once.

    Raises:
        BadParameter: a path is not there, is of no kind that is read, or a folder holds none.
    """
    found = {file for path in given for file in _files(path)}
    return sorted(path for path in found if _kind(path) in PICTURES), sorted(
        path for path in found if _kind(path) not in PICTURES
    )


def _files(path: Path) -> Iterator[Path]:
    path = Path(os.path.normpath(path))
    if path.is_dir():
        files = [file for file in path.rglob("*") if _kind(file) in PICTURES | VIDEOS | BAGS and file.is_file()]
        if not files:
            raise BadParameter("FRAMES", f"{path}: no picture, video or bag in this folder")
        yield from files
    elif not path.is_file():
        raise BadParameter("FRAMES", f"{path}: there is no such file")
    elif _kind(path) not in PICTURES | VIDEOS | BAGS:
        raise BadParameter("FRAMES", f"{path}: read are {' '.join(sorted(PICTURES | VIDEOS | BAGS))}")
    else:
        yield path


def _kind(path: Path) -> str:
    return path.suffix.lower()
