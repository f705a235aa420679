import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from roadsight_training.datasets import open_dataset
from roadsight_training.errors import BadDataset
from training.layouts import ONE_SPLIT, TWO_SPLITS, coco


def edited(folder: Path, change: dict[str, Any], entry: int = 1) -> Path:
    """The set with one annotation changed."""
    path = coco(folder, ONE_SPLIT) / "annotations" / "instances_train2017.json"
    content = json.loads(path.read_text())
    content["annotations"][entry] |= change
    path.write_text(json.dumps(content))
    return folder


def test_a_category_without_a_box_keeps_its_place_in_the_order_of_ids(tmp_path: Path) -> None:
    folder = coco(tmp_path, {"train": {"0": ONE_SPLIT["train"]["000001"]}})
    assert open_dataset(folder).labels == ("car", "traffic_light")


def test_pictures_are_found_below_images_too(tmp_path: Path) -> None:
    folder = coco(tmp_path, TWO_SPLITS)
    (folder / "images").mkdir()
    (folder / "train2017").rename(folder / "images" / "train2017")
    assert len(open_dataset(folder).samples) == 4


def test_crowds_and_boxes_without_height_are_left_out(tmp_path: Path) -> None:
    folder = edited(tmp_path, {"bbox": [296.65, 38.33, 1.03, 0.0]})
    assert [sample.index for sample in open_dataset(folder).samples] == [1, 1]


def test_annotations_of_a_frame_come_together_however_they_lie(tmp_path: Path) -> None:
    path = coco(tmp_path, ONE_SPLIT) / "annotations" / "instances_train2017.json"
    content = json.loads(path.read_text())
    content["annotations"] = [content["annotations"][place] for place in (1, 3, 2)]
    path.write_text(json.dumps(content))
    assert [sample.path[-10:] for sample in open_dataset(tmp_path).samples] == ["000000.jpg"] * 2 + ["000001.jpg"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bbox": [9, 9, -4, 9]}, r"annotations\.1: the box .* is empty"),
        ({"bbox": [9, 9, float("nan"), 9]}, r"annotations\.1: the box .* is empty or not finite"),
        ({"bbox": [9, 9, 4]}, r"annotations\.1\.bbox.3: Field required"),
        ({"bbox": [9, 9, "wide", 4]}, r"annotations\.1\.bbox\.2: .*number"),
        ({"image_id": 99}, r"annotations\.1: no image or category of id 99"),
        ({"category_id": 99}, r"annotations\.1: no image or category of id 99"),
    ],
)
def test_an_annotation_that_cannot_be_used_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadDataset, match=rf"instances_train2017\.json: {said}"):
        open_dataset(edited(tmp_path, change))


def test_a_split_of_which_only_the_annotations_were_downloaded_is_left_out(tmp_path: Path) -> None:
    folder = coco(tmp_path, TWO_SPLITS)
    shutil.rmtree(folder / "train2017")
    assert {sample.split for sample in open_dataset(folder).samples} == {"val"}
    shutil.rmtree(folder / "val2017")
    with pytest.raises(BadDataset, match=r"instances_train2017\.json: no picture"):
        open_dataset(folder)


def test_a_picture_that_is_missing_is_named(tmp_path: Path) -> None:
    (coco(tmp_path, ONE_SPLIT) / "train2017" / "000001.jpg").unlink()
    with pytest.raises(BadDataset, match=r"instances_train2017\.json: no picture '000001\.jpg' in .*train2017"):
        open_dataset(tmp_path)
