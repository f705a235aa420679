from pathlib import Path

import pytest

from roadsight_training.datasets import open_dataset
from roadsight_training.errors import BadDataset
from training.layouts import ONE_SPLIT, TWO_SPLITS, voc, write

BOMB = """<!DOCTYPE bomb [<!ENTITY a "lol">{}]><annotation>&z;</annotation>"""
MULTIPLY = "".join(f'<!ENTITY {b} "{f"&{a};" * 40}">' for a, b in zip("abcdefgh", "bcdefghz", strict=True))


@pytest.mark.parametrize("root", ["", "VOCdevkit"])
def test_years_side_by_side_are_sources_of_one_set(tmp_path: Path, root: str) -> None:
    for year in ("VOC2007", "VOC2012"):
        voc(tmp_path / root / year, TWO_SPLITS)
    dataset = open_dataset(tmp_path)
    assert {sample.source for sample in dataset.samples} == {"VOC2007", "VOC2012"}
    assert len(dataset.select("train")) == 6
    assert len({sample.group for sample in dataset.select("train")}) == 4


def test_without_split_files_everything_is_train(tmp_path: Path) -> None:
    folder = voc(tmp_path, TWO_SPLITS)
    for path in (folder / "ImageSets" / "Main").iterdir():
        path.unlink()
    assert len(open_dataset(folder).select("train")) == 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<name>car</name>", "", "object 1 has no name"),
        ("<xmax>20</xmax>", "", r"object 1: the box \['5', '7', None, '26'\] is not four numbers"),
        ("<xmax>20<", "<xmax>4<", "object 1: the box .* is empty"),
        ("<xmin>31<", "<xmin>inf<", "object 2: the box .* is empty or not finite"),
        ("</annotation>", "", "not XML: .*line 5"),
        ("<annotation>", '<?xml version="1.0" encoding="klingon"?><annotation>', "not XML: unknown encoding"),
    ],
)
def test_an_object_that_cannot_be_used_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = voc(tmp_path, ONE_SPLIT) / "Annotations" / "000000.xml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(BadDataset, match=rf"000000\.xml: {said}"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("entities", [MULTIPLY, '<!ENTITY z SYSTEM "file:///etc/hostname">'])
def test_entities_neither_multiply_nor_fetch(tmp_path: Path, entities: str) -> None:
    path = voc(tmp_path, ONE_SPLIT) / "Annotations" / "000000.xml"
    path.write_text(BOMB.format(entities))
    with pytest.raises(BadDataset, match=r"000000\.xml: not XML: "):
        open_dataset(tmp_path)


def test_a_name_that_leads_nowhere_is_told_with_its_line(tmp_path: Path) -> None:
    folder = voc(tmp_path, ONE_SPLIT)
    write(folder / "ImageSets" / "Main" / "train.txt", "000000\nlost\n")
    with pytest.raises(BadDataset, match=r"train\.txt, line 2: no annotation or no picture of 'lost'"):
        open_dataset(folder)
