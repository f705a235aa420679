"""What is true of every layout of frames with boxes."""

from pathlib import Path

import pytest

from roadsight_models.regions import Box
from roadsight_training.datasets import open_dataset
from roadsight_training.datasets.boxes import label_of, shot_of
from roadsight_training.datasets.pictures import decode_all
from training.layouts import COLOURS, ONE_SPLIT, TWO_SPLITS, Write, bdd100k, coco, kitti, voc, yolo

LAYOUTS = {write.__name__: write for write in (kitti, bdd100k, yolo, coco, voc)}
each_layout = pytest.mark.parametrize("write", LAYOUTS.values(), ids=LAYOUTS)


@each_layout
def test_every_box_is_a_sample_whose_pixels_are_the_object(write: Write, tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path, ONE_SPLIT))
    assert dataset.labels == ("car", "traffic_light")
    samples = dataset.select("train")
    assert [dataset.labels[sample.index] for sample in samples] == ["car", "traffic_light", "traffic_light"]
    for sample, picture in zip(samples, decode_all(dataset, samples).pictures, strict=True):
        assert picture.box == pytest.approx(sample.box, abs=1e-3)
        x1, y1, x2, y2 = (round(corner) for corner in picture.box)
        colour = COLOURS["car" if picture.index == 0 else "traffic light"]
        assert picture.pixels[y1 + 2 : y2 - 2, x1 + 2 : x2 - 2].mean((0, 1)) == pytest.approx(colour, abs=6)
        assert picture.pixels[y2 + 3 :, x1:x2].mean() < 60


@each_layout
def test_boxes_of_a_frame_are_never_divided_and_each_counts(write: Write, tmp_path: Path) -> None:
    samples = open_dataset(write(tmp_path, ONE_SPLIT)).select("train")
    assert len({sample.image for sample in samples}) == 3
    assert samples[0].group == samples[1].group != samples[2].group
    assert len({sample.source for sample in samples}) == 1


@pytest.mark.parametrize("write", [bdd100k, yolo, coco, voc])
def test_the_layout_names_the_splits(write: Write, tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path, TWO_SPLITS))
    assert (len(dataset.select("train")), len(dataset.select("val"))) == (3, 1)


@each_layout
def test_boxes_of_other_labels_than_asked_are_left_out(write: Write, tmp_path: Path) -> None:
    folder = write(tmp_path, ONE_SPLIT)
    dataset = open_dataset(folder).known_as(("bus", "traffic_light"))
    assert [sample.index for sample in dataset.samples] == [1, 1]


@each_layout
def test_a_path_is_told_as_it_is_in_the_data_set(write: Write, tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path, ONE_SPLIT))
    assert all((tmp_path / sample.path).is_file() and not Path(sample.path).is_absolute() for sample in dataset.samples)


@each_layout
def test_a_picture_that_is_not_there_is_damage(write: Write, tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path, ONE_SPLIT))
    (dataset.folder / dataset.samples[0].path).unlink()
    decoded = decode_all(dataset, dataset.samples, unreadable=0.7)
    assert [sample.index for sample in decoded.samples] == [1]
    (error,) = decoded.damaged
    assert "000000" in str(error)


@pytest.mark.parametrize("name", ["Traffic Light", "traffic-light", "TrafficLight", "traffic_light", " traffic light"])
def test_a_class_is_named_in_snake_case(name: str) -> None:
    assert label_of(name) == "traffic_light"


def test_a_name_without_a_letter_is_kept() -> None:
    assert label_of("?") == "?"


def test_copies_of_one_picture_and_frames_of_one_video_are_one_shot() -> None:
    assert shot_of("a_b_jpg.rf.0123abcd") == shot_of("a_b_jpg.rf.Zz9") == shot_of("a_b_png.rf.9") == "a_b"
    assert shot_of("ride_mp4-12_jpg.rf.0123abcd") == shot_of("ride_mp4-7") == "ride_mp4"
    assert shot_of("000123") == "000123"


def test_a_relative_folder_is_named_once_in_what_goes_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kitti(tmp_path / "set", ONE_SPLIT)
    monkeypatch.chdir(tmp_path)
    dataset = open_dataset(Path("set"))
    assert (dataset.folder / dataset.samples[0].path) == tmp_path / "set" / "training" / "image_2" / "000000.png"
    assert dataset.samples[0].box == Box(4, 6, 20, 26)
