"""Drives whose clocks were set on the way, pixels that can't be, and what is typed at a terminal."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from client.adapters.drives import video
from pictures import RED
from roadsight_client import CameraFrame, RawFrame
from roadsight_client.commands import options
from roadsight_client.commands import paced as pacing
from roadsight_client.commands.classify import classify
from roadsight_client.commands.paced import LONGEST_GAP_NS, paced
from roadsight_client.commands.pixels import bgr
from roadsight_client.commands.stream import stream


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that goes on only by sleeping; gives the naps, in seconds."""
    naps: list[float] = []
    monkeypatch.setattr(pacing, "sleep", naps.append)
    monkeypatch.setattr(pacing, "time_ns", lambda: 10**18 + round(sum(naps) * 1e9))
    return naps


def taken(*times_ns: int | None) -> list[CameraFrame]:
    return [CameraFrame(b"", str(number), captured_ns=at) for number, at in enumerate(times_ns)]


def test_a_clock_that_was_set_on_the_way_keeps_nobody_waiting(slept: list[float]) -> None:
    epoch = 1_714_810_800 * 10**9
    played = list(paced(taken(0, epoch, epoch + 10**9, None, epoch + 2 * 10**9)))
    assert slept == [0, 0, 1, 0, 1]
    ages = [(late.captured_ns or 0) - (early.captured_ns or 0) for early, late in pairwise(played)]
    assert ages[:2] == [0, 10**9]


@pytest.mark.parametrize(("rate", "naps"), [(1.0, [0, 60]), (0.5, [0, 0]), (60.0, [0, 1])])
def test_the_longest_gap_is_one_of_the_clock_on_the_wall(slept: list[float], rate: float, naps: list[float]) -> None:
    assert len(list(paced(taken(5, 5 + LONGEST_GAP_NS), rate))) == 2
    assert slept == naps


@given(st.lists(st.none() | st.integers(0, 2**63), max_size=8), st.sampled_from([0.01, 1.0, 1000.0]))
def test_no_drive_sleeps_longer_than_the_longest_gap_a_frame(times_ns: list[int | None], rate: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        naps: list[float] = []
        patch.setattr(pacing, "sleep", naps.append)
        patch.setattr(pacing, "time_ns", lambda: 10**18 + round(sum(naps) * 1e9))
        played = list(paced(taken(*times_ns), rate))
    assert [frame.id for frame in played] == [str(number) for number in range(len(times_ns))]
    assert all(0 <= nap <= LONGEST_GAP_NS / 1e9 for nap in naps)


@pytest.mark.parametrize(
    "raw",
    [RawFrame(b"", "bgr", 0, 0), RawFrame(b"123456", "bgr", 2, 1, stride=3), RawFrame(b"1" * 5, "nv12", 2, 2)],
    ids=["empty", "narrow", "short"],
)
def test_pixels_that_can_not_be_are_drawn_black(raw: RawFrame) -> None:
    assert bgr(raw).shape == (48, 64, 3)
    assert not bgr(raw).any()


def test_gray_and_nv12_are_drawn_as_they_look() -> None:
    gray = RawFrame(bytes([200] * 8), "gray", 4, 2)
    luma, neutral = bytes([180] * 8), bytes([128] * 4)
    for raw in (gray, RawFrame(luma + neutral, "nv12", 4, 2), replace(gray, format="nv12", data=luma + neutral)):
        drawn = bgr(raw)
        assert drawn.shape == (2, 4, 3)
        assert np.ptp(drawn) <= 1
        assert drawn.mean() > 150


@pytest.mark.parametrize(
    "regions",
    ["", "7", "null", '{"a": 1}', "[7]", "[[1, 2, 3]]", "[[1, 2, 3, 4, 5]]", '[["a", 2, 3, 4]]', "[[1, 2, 3, null]]",
     f"[[1, 2, 3, {'9' * 400}]]", "[" * 100_000],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_regions_that_are_none_are_told_with_what_was_expected(regions: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"expected \[\[x1,y1,x2,y2\],\.\.\.\]"):
        options.boxes(regions)


@pytest.mark.parametrize("camera", ["stra\u00dfe", "front ", "x" * 129])
def test_a_camera_s_name_that_can_not_be_is_a_line(camera: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^error: .* is no id"):
        stream(str(video(tmp_path / "drive.mp4", RED)), url="http://127.0.0.1:9", camera=camera, as_json=True)


@pytest.mark.parametrize("url", ["http://h:bad", "http://" + "a" * 70 + ".example"])
def test_an_address_that_can_not_be_is_a_line(url: str, tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"")
    with pytest.raises(SystemExit, match=r"^error: "):
        classify([tmp_path], url=url, as_json=True)


def test_a_key_with_a_line_break_is_a_line_that_does_not_tell_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADSIGHT_KEY", "sesame\n")
    with pytest.raises(SystemExit, match=r"^error: the key is none") as caught:
        classify([tmp_path], url="http://127.0.0.1:9")
    assert "sesame" not in str(caught.value)
