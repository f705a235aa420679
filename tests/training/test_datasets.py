from pathlib import Path

import numpy as np
import pytest

from roadsight_models.regions import Box
from roadsight_training.datasets import open_dataset
from roadsight_training.datasets.pictures import decode
from roadsight_training.errors import BadDataset
from training.tiny import gtsrb_row, minimal, official, packed, per_class, shape


def test_a_packed_row_becomes_a_sample_and_its_picture(tmp_path: Path) -> None:
    dataset = open_dataset(packed(tmp_path, [gtsrb_row(14, 3, 7)]))
    (sample,) = dataset.samples
    assert dataset.labels[sample.index] == "stop"
    assert sample.box == Box(3, 3, 21, 20.6)
    assert (sample.image, sample.group) == ("14/3/7", "14/3")
    np.testing.assert_array_equal(decode(dataset, sample).pixels, shape(14))


def test_a_packed_set_needs_no_more_than_path_class_split_and_box(tmp_path: Path) -> None:
    rows = [minimal(gtsrb_row(1, 0, 0)), minimal(gtsrb_row(2, 0, 0, split="rainy day"))]
    dataset = open_dataset(packed(tmp_path, rows))
    assert [sample.split for sample in dataset.samples] == ["train", "rainy day"]
    assert {sample.kind for sample in dataset.samples} == {"full"}
    assert len({sample.group for sample in dataset.samples}) == 2


def test_labels_by_name_are_sorted_unless_an_order_is_given(tmp_path: Path) -> None:
    box = {"box_x1": 0, "box_y1": 0, "box_x2": 24, "box_y2": 24}
    names = ("truck", "car")
    rows = [{"path": f"{n}.png", "label": n, "split": "val", "group": "g", "source": "cam", **box} for n in names]
    folder = packed(tmp_path, rows)
    assert open_dataset(folder).labels == ("car", "truck")
    ordered = open_dataset(folder).known_as(("truck", "car", "bus"))
    assert [sample.index for sample in ordered.samples] == [0, 1]
    assert {(sample.group, sample.source) for sample in ordered.samples} == {("g", "cam")}


def test_a_model_is_asked_about_what_it_knows(tmp_path: Path) -> None:
    dataset = open_dataset(per_class(tmp_path)).known_as(("square", "triangle", "disc"))
    assert dataset.labels == ("square", "triangle", "disc")
    assert sorted(sample.index for sample in dataset.samples) == [0, 0, 2, 2]
    with pytest.raises(BadDataset, match="nothing here is labelled bus, tram; there are: square, triangle, disc"):
        dataset.known_as(("bus", "tram"))


def test_where_both_are_there_class_ids_give_the_order_and_labels_the_names(tmp_path: Path) -> None:
    names = ((1, "car"), (0, "truck"), (1, "car"))
    rows = [gtsrb_row(index, 0, i) | {"label": name} for i, (index, name) in enumerate(names)]
    assert open_dataset(packed(tmp_path / "good", rows)).labels == ("truck", "car")
    with pytest.raises(BadDataset, match="do not name the same classes"):
        open_dataset(packed(tmp_path / "bad", [*rows, gtsrb_row(1, 0, 9) | {"label": "bus"}]))


def test_names_as_gtsrb_gives_them_tell_the_track_in_a_folder_per_class(tmp_path: Path) -> None:
    (tmp_path / "stop").mkdir()
    for name in ("00000_00000.png", "00000_00001.png", "00001_00000.png", "img_7.png"):
        (tmp_path / "stop" / name).write_bytes(b"")
    groups = [sample.group for sample in open_dataset(tmp_path).samples]
    assert groups == ["stop/00000", "stop/00000", "stop/00001", "stop/img_7.png"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"class_id": 43}, r"signs\.csv, line 3: class_id '43' is not one of 0\.\.42"),
        ({"class_id": "stop"}, r"line 3: class_id 'stop'"),
        ({"roi_x1": "wide"}, r"line 3: the box .*wide.* is not four numbers"),
        ({"roi_x2": "nan"}, r"line 3: the box .* is empty or not finite"),
        ({"roi_x2": 3}, r"line 3: the box .* is empty or not finite"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, change: dict[str, object], said: str) -> None:
    with pytest.raises(BadDataset, match=said):
        open_dataset(packed(tmp_path, [gtsrb_row(0, 0, 0), gtsrb_row(0, 0, 1) | change]))


def test_a_row_that_breaks_off_is_named(tmp_path: Path) -> None:
    folder = packed(tmp_path, [gtsrb_row(0, 0, 0)])
    with (folder / "signs.csv").open("a") as lines:
        lines.write("train/full/00000/00000_00000.png,0\n")
    with pytest.raises(BadDataset, match=r"line 3: has not as many fields as the header"):
        open_dataset(folder)


def test_a_member_missing_in_the_archive_is_named(tmp_path: Path) -> None:
    row = gtsrb_row(0, 0, 1)
    folder = packed(tmp_path, [gtsrb_row(0, 0, 0), row], absent=[str(row["path"])])
    with pytest.raises(BadDataset, match=r"line 3: images\.zip has no member 'train/full/00000/00000_00001\.png'"):
        open_dataset(folder)


@pytest.mark.parametrize("column", ["path", "split", "class_id", "roi_y2"])
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    folder = packed(tmp_path, [gtsrb_row(0, 0, 0)])
    index = folder / "signs.csv"
    index.write_text(index.read_text().replace(column, "else"))
    with pytest.raises(BadDataset, match=rf"signs\.csv, line 1: lacks the column .*{column}"):
        open_dataset(folder)


def test_two_indices_and_a_broken_archive_are_told(tmp_path: Path) -> None:
    folder = packed(tmp_path, [gtsrb_row(0, 0, 0)])
    (folder / "images.zip").write_bytes(b"no archive")
    with pytest.raises(BadDataset, match=r"images\.zip: not a zip archive"):
        open_dataset(folder)
    (folder / "boxes.csv").write_text("")
    with pytest.raises(BadDataset, match=r"there are boxes\.csv and signs\.csv"):
        open_dataset(folder)


@pytest.mark.parametrize("index_at", ["Final_Test/Images", "Final_Test", "."])
def test_the_official_layout_is_read_wherever_the_test_index_lies(tmp_path: Path, index_at: str) -> None:
    dataset = open_dataset(official(tmp_path, index_at))
    train, test = dataset.select("train"), dataset.select("test")
    assert (len(train), len(test)) == (12, 3)
    assert len({sample.group for sample in train}) == 6
    assert test[2].box == Box(3, 3, 21, 21)
    assert dataset.labels[test[2].index] == "speed_limit_50"
    np.testing.assert_array_equal(decode(dataset, test[2]).pixels, shape(2, 99))


def test_the_official_layout_is_read_as_torchvision_leaves_it(tmp_path: Path) -> None:
    root = official(tmp_path / "gtsrb" / "GTSRB", "..").parents[1]
    assert len(open_dataset(root).samples) == 15


def test_the_official_training_archive_is_read_as_it_unpacks(tmp_path: Path) -> None:
    assert len(open_dataset(official(tmp_path, training="Final_Training/Images")).select("train")) == 12


def test_what_is_wrong_in_the_official_layout_is_told(tmp_path: Path) -> None:
    index = official(tmp_path) / "Training" / "00001" / "GT-00001.csv"
    good = index.read_text()
    for old, new, said in (
        (
            "00000_00001.ppm;24;24;3",
            "00000_00001.ppm;24;24;x",
            r"GT-00001\.csv, line 3: the box .* is not four",
        ),
        ("21;21;1\n", "21;21;77\n", r"line 2: ClassId 77 is not one of 0\.\.42"),
        ("21;21;1\n", "2;21;1\n", r"line 2: the box .* is empty"),
        ("00000_00000.ppm", "other.ppm", r"line 2: no picture 'other\.ppm'"),
        ("Roi.Y2", "Y2", r"line 1: lacks the column Roi\.Y2"),
    ):
        index.write_text(good.replace(old, new, 1))
        with pytest.raises(BadDataset, match=said):
            open_dataset(tmp_path)


def test_a_test_set_without_its_index_is_told(tmp_path: Path) -> None:
    (official(tmp_path / "deep" / "set") / "Final_Test" / "Images" / "GT-final_test.csv").unlink()
    with pytest.raises(BadDataset, match=r"no GT-final_test\.csv in this folder or the three above it"):
        open_dataset(tmp_path / "deep" / "set")


def test_a_folder_per_class_is_read_with_and_without_splits(tmp_path: Path) -> None:
    plain = open_dataset(per_class(tmp_path / "plain"))
    assert plain.labels == ("disc", "ring", "square")
    assert {sample.split for sample in plain.samples} == {"train"}
    split = open_dataset(per_class(tmp_path / "split", "train", "val"))
    assert len(split.select("val")) == 6
    picture = decode(split, split.select("val")[0])
    assert (picture.box, picture.pixels.shape) == (Box(0, 0, 24, 24), (24, 24, 3))


def test_a_path_is_told_as_it_is_in_the_data_set(tmp_path: Path) -> None:
    for dataset in (open_dataset(per_class(tmp_path / "a", "train")), open_dataset(official(tmp_path / "b"))):
        assert all((dataset.folder / sample.path).is_file() for sample in dataset.samples)
        assert not any(Path(sample.path).is_absolute() for sample in dataset.samples)


def test_a_folder_that_is_no_data_set_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match=r"images\.zip.*Training/000NN.*KITTI.*BDD100K.*YOLO.*COCO.*VOC.*<label>"):
        open_dataset(tmp_path)
    with pytest.raises(BadDataset, match="no such folder"):
        open_dataset(tmp_path / "nowhere")


def test_a_packed_row_tells_how_large_the_object_was(tmp_path: Path) -> None:
    row = gtsrb_row(0, 0, 0)
    rows = [row, row | {"width": 24, "orig_width": 48}, row | {"orig_box_w": 90, "orig_box_h": 70.5}]
    rows += [rows[1] | {"kind": "roi"}]
    (one, two, three, four) = (open_dataset(packed(tmp_path / str(n), [row])) for n, row in enumerate(rows))
    assert [one.samples[0].side, three.samples[0].side, four.samples[0].side] == [None, 70.5, None]
    assert two.samples[0].side == pytest.approx(2 * 17.6)
    for wrong in (
        {"width": 0, "orig_width": 9},
        {"orig_box_w": "wide", "orig_box_h": 9},
        {"width": 9, "orig_width": "x"},
    ):
        with pytest.raises(BadDataset, match="line 2: the original size is not told"):
            open_dataset(packed(tmp_path / "wrong", [row | wrong]))


def test_classes_can_be_chosen_and_ordered(tmp_path: Path) -> None:
    dataset = open_dataset(per_class(tmp_path))
    chosen = dataset.only(("square", "disc"))
    assert chosen.labels == ("square", "disc")
    pairs = {(Path(sample.path).parent.name, sample.index) for sample in chosen.samples}
    assert pairs == {("square", 0), ("disc", 1)}
    assert len(chosen.samples) == 4
    assert chosen.read(chosen.samples[0]) == dataset.read(dataset.samples[0])


def test_a_class_that_cannot_be_chosen_is_named_with_the_nearest(tmp_path: Path) -> None:
    dataset = open_dataset(per_class(tmp_path))
    with pytest.raises(BadDataset, match="unknown label 'squares'; did you mean 'square'"):
        dataset.only(("disc", "squares"))
    with pytest.raises(BadDataset, match="unknown label 'bus'; known: disc, ring, square"):
        dataset.only(("bus", "disc"))
    with pytest.raises(BadDataset, match="'disc' is asked for twice"):
        dataset.only(("disc", "disc"))


@pytest.mark.data
def test_the_real_set_counts_as_its_readme_says(data_root: Path) -> None:
    dataset = open_dataset(data_root / "gtsrb")
    train, test = dataset.select("train"), dataset.select("test")
    assert (len(train), len(test)) == (26640, 12569)
    assert {sample.kind for sample in test} == {"roi"}
    assert len(dataset.select("test", "full32")) == 12569
    assert len(dataset.select("train", "full")) == 22717
    assert len({sample.group for sample in train}) == 888


@pytest.mark.data
def test_the_real_road_objects_open_in_the_order_of_their_readme(data_root: Path) -> None:
    order = ("car", "truck", "bus", "motorcycle", "pedestrian", "cyclist", "traffic_light", "background")
    dataset = open_dataset(data_root / "road_objects").only(order)
    counts = [sum(sample.index == index for sample in dataset.samples) for index in range(8)]
    assert counts == [1416, 813, 774, 771, 1469, 2511, 1091, 1434]
    assert {sample.source for sample in dataset.select("train")} == {"highway", "cinta", "carla", "kitti", "pixabay"}
    assert all(sample.group and sample.side for sample in dataset.samples)
    assert len(open_dataset(data_root / "road_objects").only(("cyclist", "pedestrian")).select("val")) == 305


def test_every_box_of_a_picture_is_a_sample_where_nothing_tells_of_a_track(tmp_path: Path) -> None:
    rows = [minimal(gtsrb_row(0, 0, 0)) | {"roi_x1": left} for left in (1, 3, 5)]
    assert len(open_dataset(packed(tmp_path, rows)).select("train")) == 3


def test_tracks_of_two_sources_are_not_taken_for_one(tmp_path: Path) -> None:
    rows = [gtsrb_row(0, 1, 1, kind=kind) | {"source": source} for kind, source in (("full", "a"), ("roi", "b"))]
    assert len(open_dataset(packed(tmp_path, rows)).select("train")) == 2


def test_what_belongs_together_can_be_said_beside_the_track(tmp_path: Path) -> None:
    rows = [gtsrb_row(0, track, 1) | {"group": "crossing"} for track in (1, 2)]
    assert {one.group for one in open_dataset(packed(tmp_path, rows)).select("train")} == {"crossing"}


def test_an_index_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    folder = packed(tmp_path, [gtsrb_row(0, 0, 0)])
    (folder / "signs.csv").write_bytes("path;gr\u00f6\u00dfe".encode("cp1252"))
    with pytest.raises(BadDataset, match=r"signs\.csv: not UTF-8"):
        open_dataset(folder)
