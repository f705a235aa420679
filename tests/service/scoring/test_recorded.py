"""Which files hold frames, and what of a recording is a frame."""

import os
from pathlib import Path

import numpy as np
import pytest

from pictures import BLUE, GREEN, RED, encoded, striped
from recordings import bag, image, pictures, video
from roadsight_models.errors import BadImage
from roadsight_models.frame import Pixels, decode
from roadsight_service.scoring import bag as bags
from roadsight_service.scoring import video as videos
from roadsight_service.scoring.recorded import Recorded, find, named

STRIPES = striped(RED, GREEN, BLUE, width=20)
GRAY = np.repeat(STRIPES[..., :1], 3, axis=2)


def pixels(recorded: Recorded) -> Pixels:
    return decode(recorded.take()).pixels


def test_files_are_found_once_whatever_names_them_and_in_order(tmp_path: Path) -> None:
    first, second = pictures(tmp_path / "a", ["red", "green"])
    (tmp_path / "a" / "notes.txt").write_text("no frame")
    (tmp_path / "DRIVE.MP4").write_bytes(b"")
    given = [tmp_path, second, tmp_path / "a" / ".." / "a" / first.name]
    assert find(given) == ([first, second], [tmp_path / "DRIVE.MP4"])


def test_a_name_that_is_no_text_is_still_one_that_parquet_can_hold(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff#%41 a.png"))
    odd.write_bytes(encoded(striped(RED)))
    assert find([tmp_path]) == ([odd], [])
    assert named(odd).endswith(r"/\udcff#%41 a.png")


@pytest.mark.parametrize(
    ("encoding", "shown"), [("rgb8", STRIPES), ("bgr8", STRIPES), ("bgra8", STRIPES), ("mono8", GRAY)]
)
def test_an_image_of_ros_is_what_its_camera_saw(tmp_path: Path, encoding: str, shown: Pixels) -> None:
    bag(tmp_path / "a.mcap", [("/front", image(STRIPES, encoding))])
    (recorded,) = bags.frames(tmp_path / "a.mcap")
    assert np.array_equal(pixels(recorded), shown)


BROKEN = {"encoding": "bayer_rggb8", "step": 3, "height": 1000, "data": b""}


def test_an_image_that_is_not_what_it_says_is_a_frame_that_can_not_be_read(tmp_path: Path) -> None:
    whole = image(STRIPES)
    broken = [("/front", whole | {name: value}) for name, value in BROKEN.items()]
    bag(tmp_path / "a.mcap", [*broken, ("/front", whole)])
    *unreadable, last = bags.frames(tmp_path / "a.mcap")
    assert [recorded.frame for recorded in unreadable] == list(range(len(BROKEN)))
    for recorded in unreadable:
        with pytest.raises(BadImage, match="/front: ValueError"):
            recorded.take()
    assert np.array_equal(pixels(last), STRIPES)


def test_a_frame_of_a_video_is_what_was_filmed_and_when(tmp_path: Path) -> None:
    shown = [np.roll(STRIPES, 7 * number, axis=1) for number in range(5)]
    video(tmp_path / "a.mkv", shown, a_second=25)
    recorded = list(videos.frames(tmp_path / "a.mkv"))
    assert [one.offset_ns for one in recorded] == [number * 40_000_000 for number in range(5)]
    for one, filmed in zip(recorded, shown, strict=True):
        assert np.array_equal(pixels(one), filmed)


def test_a_file_without_video_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.mkv").write_bytes(b"")
    (recorded,) = videos.frames(tmp_path / "a.mkv")
    with pytest.raises(BadImage, match="can't be read from here on"):
        recorded.take()
