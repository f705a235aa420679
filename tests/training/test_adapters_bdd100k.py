import json
from pathlib import Path

import pytest

from roadsight_training.datasets import open_dataset
from roadsight_training.errors import BadDataset
from training.layouts import CAR, LIGHT, ONE_SPLIT, TWO_SPLITS, bdd100k, write

OLD = "labels/bdd100k_labels_images_{}.json"


@pytest.mark.parametrize("name", ["labels/det_20/det_{}.json", OLD, "bdd100k_labels_images_{}.json"])
def test_the_labels_of_2020_and_of_2018_are_read(tmp_path: Path, name: str) -> None:
    bdd100k(tmp_path / "bdd100k", ONE_SPLIT, name)
    assert len(open_dataset(tmp_path / "bdd100k").samples) == len(open_dataset(tmp_path).samples) == 3


def test_where_both_are_there_no_box_counts_twice(tmp_path: Path) -> None:
    bdd100k(bdd100k(tmp_path, ONE_SPLIT), ONE_SPLIT, OLD)
    assert len(open_dataset(tmp_path).samples) == 3


def test_clips_of_one_ride_are_one_group(tmp_path: Path) -> None:
    frames = {"b1c66a42-6f7d68ca": (CAR,), "b1c66a42-00000000": (LIGHT,), "c0000000-6f7d68ca": (CAR,)}
    first, second, third = open_dataset(bdd100k(tmp_path, {"train": frames})).samples
    assert first.group == second.group != third.group


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x1": 60}, r"000000\.jpg, labels\.0: the box .* is empty"),
        ({"y2": float("inf")}, r"000000\.jpg, labels\.0: the box .* is empty or not finite"),
        ({"x1": "wide"}, r"0\.labels\.0\.box2d\.x1: .*number"),
        ({"x1": None}, r"0\.labels\.0\.box2d\.x1: .*number"),
    ],
)
def test_a_box_that_cannot_be_used_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    folder = bdd100k(tmp_path, ONE_SPLIT)
    entry = {"category": "car", "box2d": CAR[1]._asdict() | change}
    write(folder / "labels/det_20/det_train.json", json.dumps([{"name": "000000.jpg", "labels": [entry]}]))
    with pytest.raises(BadDataset, match=rf"det_train\.json: {said}"):
        open_dataset(folder)


def test_what_is_no_label_file_is_told(tmp_path: Path) -> None:
    labels = bdd100k(tmp_path, ONE_SPLIT) / "labels/det_20/det_train.json"
    for text, said in (('[{"name": ', "Invalid JSON"), ("{}", "valid array"), ('[{"labels": []}]', r"0\.name: Field")):
        labels.write_text(text)
        with pytest.raises(BadDataset, match=rf"det_train\.json: .*{said}"):
            open_dataset(tmp_path)


def test_a_split_of_which_only_the_labels_were_downloaded_is_left_out(tmp_path: Path) -> None:
    folder = bdd100k(tmp_path, TWO_SPLITS)
    (folder / "images" / "100k" / "train").rename(folder / "images" / "elsewhere")
    assert {sample.split for sample in open_dataset(folder).samples} == {"val"}


def test_missing_pictures_are_told(tmp_path: Path) -> None:
    images = bdd100k(tmp_path, ONE_SPLIT) / "images" / "100k"
    (images / "train" / "000001.jpg").unlink()
    with pytest.raises(BadDataset, match=r"det_train\.json: no picture '000001\.jpg'"):
        open_dataset(tmp_path)
    images.rename(tmp_path / "images" / "10k")
    with pytest.raises(BadDataset, match="no folder images/100k/train"):
        open_dataset(tmp_path)
