from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictures import encoded, gradient
from roadsight_models.manifest import CropRule
from roadsight_models.preprocess import GRID, crop
from roadsight_models.regions import Box
from roadsight_training.datasets import Dataset, Sample, open_dataset
from roadsight_training.datasets.pictures import crops, decode, decode_all
from roadsight_training.errors import BadDataset
from roadsight_training.recipe import Augment
from roadsight_training.transforms.geometry import quadrilaterals, reach, warp
from training.layouts import CAR, LIGHT, kitti
from training.tiny import gtsrb_row, packed, per_class

RULE = CropRule(width=16, height=16, context=0.3, resize="area_or_linear", min_side=8)
WIDTH, HEIGHT = 200, 120
FRAME = gradient(WIDTH, HEIGHT)
FILE = encoded(FRAME)

# In eighths of a pixel, whose sums and differences are exact; each box meets the frame.
boxes = st.tuples(st.integers(-80, 1500), st.integers(-80, 850), st.integers(88, 800), st.integers(88, 640)).map(
    lambda it: Box(it[0] / 8, it[1] / 8, (it[0] + it[2]) / 8, (it[1] + it[3]) / 8)
)


def one_frame(*boxes: Box) -> Dataset:
    """A data set of one frame with these boxes."""
    samples = (Sample("f.png", 0, box, "train", "full", f"f#{n}", "f", "drawn") for n, box in enumerate(boxes))
    return Dataset(Path("/drawn"), ("car",), tuple(samples), lambda _: FILE)


class Counting:
    """A `read` that counts."""

    def __init__(self, dataset: Dataset) -> None:
        self.count, self.within = 0, dataset.read

    def __call__(self, sample: Sample) -> bytes:
        self.count += 1
        return self.within(sample)


@given(boxes, st.floats(0, 2))
def test_all_within_reach_of_a_box_is_kept_where_it_was(box: Box, reach: float) -> None:
    dataset = one_frame(box)
    whole, near = decode(dataset, dataset.samples[0]), decode(dataset, dataset.samples[0], reach)
    left, top = round(whole.box.x1 - near.box.x1), round(whole.box.y1 - near.box.y1)
    height, width, _ = near.pixels.shape
    np.testing.assert_array_equal(near.pixels, FRAME[top : top + height, left : left + width])
    assert tuple(near.box) == pytest.approx(tuple(np.array(whole.box) - (left, top, left, top)))
    x1, y1, x2, y2 = whole.box
    dx, dy = reach * (x2 - x1), reach * (y2 - y1)
    assert left <= max(x1 - dx, 0)
    assert top <= max(y1 - dy, 0)
    assert left + width >= min(x2 + dx, WIDTH)
    assert top + height >= min(y2 + dy, HEIGHT)
    # And little more.
    assert width <= x2 - x1 + 2 * dx + 4 * GRID
    assert height <= y2 - y1 + 2 * dy + 4 * GRID


@given(boxes)
def test_the_reach_of_the_crop_rule_is_enough_for_its_crop(box: Box) -> None:
    dataset = one_frame(box)
    near = decode(dataset, dataset.samples[0], RULE.context)
    (whole,) = crops(dataset, dataset.samples, RULE)
    np.testing.assert_array_equal(crop(near.pixels, near.box, RULE), whole)


STILL = {"margin": (0, 0), "rotate_degrees": 0, "shear_degrees": 0, "perspective": 0}
WILD = {"margin": (-0.2, 0.5), "translate": 0.2, "zoom": 0.3, "shear_degrees": 20, "perspective": 0.1}


@pytest.mark.parametrize("context", [0.0, 0.3])
@pytest.mark.parametrize("jitter", [{"margin": (0.4, 0.4)}, {"rotate_degrees": 45}, {"translate": 0.3}, WILD])
def test_training_never_sees_where_a_frame_was_cut(jitter: dict[str, object], context: float) -> None:
    rule = RULE.model_copy(update={"context": context})
    options = Augment.model_validate(STILL | jitter)
    dataset = one_frame(*(Box(x, 50, x + 30, 75) for x in range(70, 100)))
    whole = decode_all(dataset, dataset.samples).pictures
    near = decode_all(dataset, dataset.samples, reach=reach(options, rule)).pictures
    seen = [
        warp(pictures, quadrilaterals(pictures, options, rule, np.random.default_rng(0)), rule).astype(int)
        for pictures in (whole, near)
    ]
    assert np.abs(seen[0] - seen[1]).max() <= 2  # the warp works in 1/32 of a pixel, and the next pixel differs by 2


def test_a_frame_is_decoded_once_for_its_boxes_and_then_forgotten() -> None:
    dataset = one_frame(*(Box(x, 10, x + 20, 40) for x in range(0, 180, 20)))
    dataset = replace(dataset, read=(read := Counting(dataset)))
    pictures = decode_all(dataset, dataset.samples, reach=0.2).pictures
    assert (read.count, len(pictures)) == (1, 9)
    assert all(picture.pixels.base is None and picture.pixels.shape[1] <= 28 + 4 * GRID for picture in pictures)
    assert crops(dataset, dataset.samples, RULE).shape == (9, 16, 16, 3)
    assert read.count == 2


def test_damaged_files_are_listed_once_and_left_out(tmp_path: Path) -> None:
    folder = kitti(tmp_path, {"train": {"0": (CAR, LIGHT), "1": (CAR,), "2": (CAR, LIGHT), "3": (LIGHT,)}})
    dataset, images = open_dataset(folder), folder / "training" / "image_2"
    (images / "0.png").write_bytes((images / "0.png").read_bytes()[:-20])
    (images / "1.png").unlink()
    decoded = decode_all(dataset, dataset.samples, unreadable=0.5)
    assert [sample.path[-5:] for sample in decoded.samples] == ["2.png", "2.png", "3.png"]
    assert [picture.index for picture in decoded.pictures] == [0, 1, 1]
    assert [str(error).split(":")[0][-5:] for error in decoded.damaged] == ["0.png", "1.png"]


def test_a_box_outside_its_frame_is_damage_and_the_others_stay() -> None:
    dataset = one_frame(Box(0, 0, 20, 20), Box(300, 0, 320, 20), Box(20, 20, 40, 40))
    decoded = decode_all(dataset, dataset.samples, unreadable=0.34)
    assert decoded.samples == (dataset.samples[0], dataset.samples[2])
    assert "wholly outside" in str(decoded.damaged[0])


def test_too_many_damaged_files_stop_it_as_soon_as_that_is_sure(tmp_path: Path) -> None:
    dataset = open_dataset(per_class(tmp_path))
    broken = replace(dataset, read=lambda sample: b"GIF8" if "disc" in sample.path else dataset.read(sample))
    counted = replace(broken, read=(read := Counting(broken)))
    said = r"2 of 6 samples are damaged, more than the 20\.00% that may be: .*disc/0\.png: .*; .*disc/1\.jpg: "
    with pytest.raises(BadDataset, match=said):
        decode_all(counted, dataset.samples, unreadable=0.2)
    assert read.count == 2
    assert len(decode_all(broken, dataset.samples, unreadable=2 / 6).pictures) == 4
    with pytest.raises(BadDataset, match="1 of 6 samples"):
        decode_all(broken, dataset.samples)
    with pytest.raises(BadDataset, match="2 of 2 samples"):
        decode_all(broken, broken.samples[:2], unreadable=1.0)


def test_a_member_that_rotted_in_the_archive_is_damage_of_one_picture(tmp_path: Path) -> None:
    folder = packed(tmp_path, [gtsrb_row(0, 0, frame) for frame in range(3)])
    archive = (folder / "images.zip").read_bytes()
    at = archive.index(b"IDAT") + 30
    (folder / "images.zip").write_bytes(archive[:at] + bytes([archive[at] ^ 255]) + archive[at + 1 :])
    dataset = open_dataset(folder)
    decoded = decode_all(dataset, dataset.samples, unreadable=0.5)
    assert (len(decoded.pictures), len(decoded.damaged)) == (2, 1)
    assert "00000_00000.png: Bad CRC" in str(decoded.damaged[0])


def test_crops_follow_the_crop_rule_and_a_damaged_picture_is_named(tmp_path: Path) -> None:
    dataset = open_dataset(per_class(tmp_path))
    assert crops(dataset, dataset.samples, RULE).shape == (6, 16, 16, 3)
    (tmp_path / "ring" / "0.png").write_bytes(b"\x89PNG nothing")
    with pytest.raises(BadDataset, match=r"ring/0\.png: "):
        crops(dataset, dataset.samples, RULE)
    with pytest.raises(BadDataset, match=r"ring/0\.png: "):
        decode(dataset, dataset.samples[2])
