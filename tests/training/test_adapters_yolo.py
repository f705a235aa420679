from pathlib import Path

import pytest

from roadsight_models.regions import Box
from roadsight_training.datasets import open_dataset
from roadsight_training.datasets.pictures import decode_all
from roadsight_training.errors import BadDataset
from training.layouts import CAR, ONE_SPLIT, TWO_SPLITS, write, yolo


def labels_at(folder: Path, name: str = "000000") -> Path:
    return folder / "train" / "labels" / f"{name}.txt"


def test_copies_that_roboflow_makes_of_one_picture_are_one_group(tmp_path: Path) -> None:
    names = ("a_jpg.rf.0123abcd", "a_jpg.rf.4567ef01", "b_jpg.rf.0123abcd")
    first, second, third = open_dataset(yolo(tmp_path, {"train": {name: (CAR,) for name in names}})).samples
    assert first.group == second.group != third.group
    assert first.image != second.image


@pytest.mark.parametrize(
    ("path", "train"), [("..", "set/train/images"), (".", "train/images"), ("/no", "train/images")]
)
def test_splits_are_found_below_the_path_or_beside_data_yaml(tmp_path: Path, path: str, train: str) -> None:
    data = f"path: {path}\nnames: {{1: traffic light, 0: car}}\ntrain: {train}\nval: val/images\ntest: test/images\n"
    dataset = open_dataset(yolo(tmp_path / "set", TWO_SPLITS, data))
    assert dataset.labels == ("car", "traffic_light")
    assert (len(dataset.select("train")), len(dataset.select("val"))) == (3, 1)


def test_a_split_may_be_a_list_of_pictures_or_several_folders(tmp_path: Path) -> None:
    data = "names: [car, traffic light]\ntrain: train.txt\nval: [val/images, more/images]\n"
    folder = yolo(tmp_path, {**TWO_SPLITS, "more": {"000003": (CAR,)}}, data)
    write(folder / "train.txt", "./train/images/000001.jpg\n")
    dataset = open_dataset(folder)
    assert (len(dataset.select("train")), len(dataset.select("val"))) == (1, 2)


def test_an_outline_is_taken_for_its_box(tmp_path: Path) -> None:
    folder = yolo(tmp_path, ONE_SPLIT)
    labels_at(folder, "000001").write_text("1 0.5 0.25 0.75 0.5 0.5 0.75 0.25 0.5\n")
    assert open_dataset(folder).samples[2].box == Box(20, 12, 60, 36)


def test_a_picture_without_a_label_file_shows_nothing(tmp_path: Path) -> None:
    folder = yolo(tmp_path, ONE_SPLIT)
    labels_at(folder, "000001").unlink()
    assert len(open_dataset(folder).samples) == 2


def test_a_picture_whose_size_cannot_be_read_counts_as_damaged_later(tmp_path: Path) -> None:
    folder = yolo(tmp_path, ONE_SPLIT)
    (folder / "train" / "images" / "000001.jpg").write_bytes(b"no picture")
    dataset = open_dataset(folder)
    assert len(dataset.samples) == 3
    decoded = decode_all(dataset, dataset.samples, unreadable=0.5)
    assert (len(decoded.pictures), len(decoded.damaged)) == (2, 1)


def test_a_size_behind_a_long_preview_is_found(tmp_path: Path) -> None:
    folder = yolo(tmp_path, ONE_SPLIT)
    path = folder / "train" / "images" / "000000.jpg"
    body = path.read_bytes()
    path.write_bytes(body[:2] + (b"\xff\xfe\xff\xff" + bytes(0xFFFD)) * 2 + body[2:])
    assert open_dataset(folder).samples[0].box == pytest.approx(CAR[1])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("0 0.5 0.5 0.1", "line 2: 3 numbers after the class"),
        ("0 0.5 0.5 0.1 0.1 0.2 0.2 0.3", "line 2: 7 numbers after the class"),
        ("0 40 24 16 20", "line 2: the box .* is not in fractions"),
        ("0 nan 0.5 0.1 0.1", "line 2: the box .* is not in fractions"),
        ("0 0.5 0.5 0 0.1", "line 2: the box .* is empty"),
        ("0 0.5 wide 0.1 0.1", "line 2: could not convert"),
        ("2 0.5 0.5 0.1 0.1", r"line 2: class 2 is not in data\.yaml"),
        ("0.5 0.5 0.5 0.1 0.1", r"line 2: class 0\.5 is not in data\.yaml"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, row: str, said: str) -> None:
    folder = yolo(tmp_path, ONE_SPLIT)
    labels_at(folder).write_text(f"\n{row}\n")
    with pytest.raises(BadDataset, match=rf"000000\.txt, {said}"):
        open_dataset(folder)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("names: [", "not YAML"),
        ("train: images", "names: Field required"),
        ("just text", "dictionary"),
        ("names: [car]\ntrain: nowhere", "nothing is there of what train, val and test name"),
    ],
)
def test_what_is_wrong_in_data_yaml_is_told(tmp_path: Path, data: str, said: str) -> None:
    with pytest.raises(BadDataset, match=rf"data\.yaml: .*{said}"):
        open_dataset(yolo(tmp_path, ONE_SPLIT, data))
