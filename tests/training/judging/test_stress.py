"""What is done to pictures before a bundle is asked again; the bundle names the colour of a crop."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import colours
from roadsight_models import cli
from roadsight_models.manifest import CropRule
from roadsight_models.regions import Box
from roadsight_models.robustness.corruptions import CORRUPTIONS, SEVERITIES
from roadsight_models.session import Session, open_session
from roadsight_training.datasets.pictures import Picture
from roadsight_training.judging.stress import STRESSES, compressed, corrupted, margin, reduced, stress
from training.tiny import shape

PATCH = Box(16, 16, 48, 48)
TIGHT = CropRule(width=16, height=16, context=0, resize="area_or_linear", min_side=8)


def framed(index: int = 0, box: Box = PATCH) -> Picture:
    """A patch of one colour in a frame of another: 64x64."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[..., (index + 1) % 3] = 255
    pixels[16:48, 16:48] = 0
    pixels[16:48, 16:48, index] = 255
    return Picture(pixels, box, index)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return open_session(colours.save(tmp_path), "cpu")


def test_a_box_grows_and_shrinks_by_its_own_sides_as_far_as_the_picture_goes() -> None:
    grown = margin(framed(), 0.25, TIGHT)
    shrunk = margin(framed(), -0.25, TIGHT)
    assert grown is not None and shrunk is not None
    assert (grown.box, shrunk.box) == (Box(8, 8, 56, 56), Box(24, 24, 40, 40))
    assert margin(framed(), 0.5, TIGHT) is not None  # to the last pixel
    assert margin(framed(), 0.6, TIGHT) is None
    flat = margin(framed(box=Box(20, 28, 44, 36)), 0.5, TIGHT)
    assert flat is not None
    assert flat.box == Box(8, 24, 56, 40)


def test_a_looser_box_needs_its_context_too() -> None:
    around = TIGHT.model_copy(update={"context": 0.25})
    assert margin(framed(), 0.16, around) is not None  # 5 of 32 pixels, then 10 of 42: to the last pixel
    assert margin(framed(), 0.2, around) is None
    assert margin(framed(), 0.2, TIGHT) is not None


def test_a_picture_is_reduced_until_its_box_has_so_few_pixels() -> None:
    small = reduced(framed(), 8, TIGHT)
    assert small is not None
    assert (small.pixels.shape, small.box) == ((16, 16, 3), Box(4, 4, 12, 12))
    assert reduced(framed(), 32, TIGHT) is None  # it has no more than these


def test_jpeg_leaves_colours_and_takes_detail() -> None:
    noisy = Picture(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8), Box(0, 0, 32, 32), 0)
    lost = [np.abs(compressed(noisy, quality, TIGHT).pixels.astype(int) - noisy.pixels).mean() for quality in (95, 30)]
    assert lost[0] < lost[1]
    assert np.abs(compressed(framed(), 95, TIGHT).pixels.astype(int) - framed().pixels).mean() < 6


def test_corrupted_crops_are_the_same_every_time_and_differ_from_each_other() -> None:
    frames = np.stack([shape(0)] * 2)
    one, other = corrupted(frames, "gaussian_noise", 3), corrupted(frames, "gaussian_noise", 3)
    np.testing.assert_array_equal(one, other)
    assert (one[0] != one[1]).any()


def test_every_stress_that_the_pictures_can_show_is_measured(session: Session) -> None:
    found = list(stress(session, [framed(index) for index in (0, 1, 2, 0)]))
    by_level = {(one.name, one.level): one.top1 for one in found}
    assert by_level["margin", 0.05].value == 1.0
    assert by_level["margin", 0.4].value == 0.0  # there the frame is larger than the patch
    assert ("shorter side", 32) not in by_level
    assert by_level["shorter side", 12].n == 4
    assert {name for name, _ in by_level} == {*STRESSES, *CORRUPTIONS}
    assert {level for name, level in by_level if name in CORRUPTIONS} == set(SEVERITIES)


def test_a_truth_that_is_missed_counts(session: Session) -> None:
    wrong = Picture(framed(0).pixels, Box(16, 16, 48, 48), 1)
    quality = [one for one in stress(session, [framed(0), wrong]) if one.name == "jpeg"]
    assert [(one.top1.hits, one.top1.n) for one in quality] == [(1, 2)] * len(STRESSES["jpeg"].levels)


def test_an_unknown_stress_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["stress", "bundle", "--data", "data", "--only", "rain"])
    assert ended.value.code == 2
    assert "no 'rain'; there are: margin, shorter side, jpeg, gaussian_noise" in capsys.readouterr().err


def test_the_command_prints_and_writes_each_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for index, label in enumerate(colours.LABELS):
        folder = tmp_path / "data" / "test" / label
        folder.mkdir(parents=True)
        for name in "ab":
            cv2.imwrite(str(folder / f"{name}.png"), framed(index).pixels[16:48, 16:48, ::-1])
    bundle = colours.save(tmp_path / "bundles").folder
    asked = [
        "stress",
        str(bundle),
        "--data",
        str(tmp_path / "data"),
        "--images",
        "5",
        "--json",
        str(tmp_path / "x.json"),
    ]
    with pytest.raises(SystemExit) as ended:
        cli.main([*asked, "--json", str(tmp_path / "x.json")])
    assert ended.value.code == 0
    assert "colours 1.0.0 on 5 of test" in capsys.readouterr().out
    figures = json.loads((tmp_path / "x.json").read_text())
    jpeg = [one for one in figures if one["name"] == "jpeg"]
    assert [(one["level"], one["top1"], one["n"]) for one in jpeg] == [(q, 1.0, 5) for q in STRESSES["jpeg"].levels]
    assert all(one["name"] != "margin" or one["level"] < 0 for one in figures)  # whole pictures have none
