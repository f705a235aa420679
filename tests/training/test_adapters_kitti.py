from pathlib import Path

import pytest

from roadsight_training.datasets import open_dataset
from roadsight_training.errors import BadDataset
from training.layouts import CAR, LIGHT, kitti, write

FRAMES = {"train": {"000000": (CAR,), "000001": (LIGHT,), "000002": (CAR,)}}


@pytest.mark.parametrize("root", ["", "training", ".."])
def test_the_folder_above_and_the_folder_below_are_the_same_set(tmp_path: Path, root: str) -> None:
    folder = kitti(tmp_path / "kitti", FRAMES)
    dataset = open_dataset(folder / root)
    assert len(dataset.samples) == 3
    assert {sample.source for sample in dataset.samples} == {"kitti"}
    assert dataset.read(dataset.samples[0]).startswith(b"\x89PNG")


def test_types_are_labels_of_their_own_and_dont_care_is_none(tmp_path: Path) -> None:
    folder = kitti(tmp_path, FRAMES)
    label = folder / "training" / "label_2" / "000000.txt"
    label.write_text(label.read_text() + label.read_text().splitlines()[0].replace("Car", "Person_sitting") + "\n")
    assert open_dataset(folder).labels == ("car", "person_sitting", "traffic_light")
    assert len(open_dataset(folder).only(("car", "traffic_light")).samples) == 3


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Car 0 0 0 9 9 20", r"line 2: 7 fields; a label has 15"),
        ("Car 0 0 0 20 9 9 20 1 1 1 0 0 9 0", r"line 2: the box .* is empty or not finite"),
        ("Car 0 0 0 9 9 nan 20 1 1 1 0 0 9 0", r"line 2: the box .* is empty or not finite"),
        ("Car 0 0 0 9 9 wide 20 1 1 1 0 0 9 0", r"line 2: the box .*wide.* is not four numbers"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, row: str, said: str) -> None:
    folder = kitti(tmp_path, FRAMES)
    write(folder / "training" / "label_2" / "000001.txt", f"\n{row}\n")
    with pytest.raises(BadDataset, match=rf"000001\.txt, {said}"):
        open_dataset(folder)


def test_a_label_file_without_its_picture_is_named(tmp_path: Path) -> None:
    folder = kitti(tmp_path, FRAMES)
    (folder / "training" / "image_2" / "000001.png").unlink()
    with pytest.raises(BadDataset, match=r"000001\.txt: no picture '000001'"):
        open_dataset(folder)


def test_the_mapping_of_the_development_kit_keeps_drives_together(tmp_path: Path) -> None:
    folder = kitti(tmp_path, FRAMES)
    drives = ("0001", "0001", "0002")
    lines = [f"2011_09_26 2011_09_26_drive_{drive}_sync 000000000{n}" for n, drive in enumerate(drives)]
    mapping = folder / "devkit_object" / "mapping"
    write(mapping / "train_mapping.txt", "\n".join(lines))
    write(mapping / "train_rand.txt", "1,3,2")
    first, second, third = (sample.group for sample in open_dataset(folder).samples)
    assert first == third == "2011_09_26_drive_0001_sync" != second
    write(mapping / "train_rand.txt", "1,4,2")
    with pytest.raises(BadDataset, match="does not go with train_rand"):
        open_dataset(folder)
