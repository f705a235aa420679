"""What a run of `roadsight score` is given and can't use: named in one sentence, and never taken for something else."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pictures import BLUE, GREEN, RED, encoded, striped
from recordings import bag, video
from roadsight_models.errors import BadBundle, BadImage, BadParameter
from roadsight_models.regions import MAX_TRACK, Box
from roadsight_service.scoring import bag as bags
from roadsight_service.scoring.boxes import Boxes, read_boxes
from roadsight_service.scoring.command import score
from roadsight_service.scoring.output import RUN, Output
from roadsight_service.scoring.recorded import Recorded, find, named
from roadsight_service.scoring.work import END, Unit, plan

HEAD = "source,frame,x1,y1,x2,y2,track\n"
A_ROW = {"source": "a.png", "frame": 0, "status": "ok"}


def boxes(folder: Path, text: str | bytes, suffix: str = ".csv") -> Boxes:
    path = folder / f"boxes{suffix}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_boxes(path, 3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a first line with source,frame"),
        (HEAD + "a.png,0,0,0,1\n", "line 2: .*NoneType"),
        (HEAD + "a.png,-1,0,0,1,1,\n", "line 2: frame -1"),
        (HEAD + "a.png,0.0,0,0,1,1,\n", "line 2: invalid literal"),
        (HEAD + "a.png,0,0,0,1,1,\na.png,0,nan,0,1,1,\n", "frame 0: region 1 .*a coordinate is a number"),
        (HEAD + "a.png,0,0,0,1e400,1,\n", "a coordinate is a number"),
        (HEAD + "a.png,0,0,0,1,1,\n" * 4, "at most 3 regions a frame"),
        (HEAD + f"a.png,0,0,0,1,1,{'7' * (MAX_TRACK + 1)}\n", "a track is a string of 1 to"),
        (HEAD + "a.png,0,0,0,1,1,7\na.png,0,2,2,3,3,7\n", "frame 0: region 1 .*the same track"),
        (HEAD + '"a\nb.png",0,0,0,1,1,\nc.png,x,0,0,1,1,\n', "line 4: invalid literal"),
        (HEAD + f"{'a' * 200_000},0,0,0,1,1,\n", "field larger than"),
        ("frame,x1,y1,x2,y2,source\n0,0,0,1,1\n0,0,0,1,1,a.png\n", "line 2: .*source"),
        (HEAD.encode() + b"\xff.png,0,0,0,1,1,\n", "utf-8"),
    ],
)
def test_a_table_of_regions_is_refused_with_its_line(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(BadParameter, match=f"--regions: .*boxes.csv: .*{says}"):
        boxes(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[" * 200_000, "recursion"),
        ('{"a.png":' * 200_000, "recursion"),
        ('{"a.png": []}', "expected"),
        ('{"a.png": {"0": []}}', "frame 0: .*a list of boxes"),
        ('{"a.png": {"0": [[0, 0, 1]]}}', r"region 0 \[0, 0, 1\]: a box is"),
        ('{"a.png": {"0": [[0, 0, 1, true]]}}', "a coordinate is a number"),
        ('{"a.png": {"0": [{"box": [0, 0, 1, 1], "label": "x"}]}}', "nothing else"),
        ('{"a.png": {"-1": [[0, 0, 1, 1]]}}', "frame -1"),
        ('{"a.png": {"1": [[0, 0, 1, 1]], "01": [[0, 0, 2, 2]]}}', "frame 1 of a.png is there twice"),
        ('{"a.png": {"%s": [[0, 0, 1, 1]]}}' % ("9" * 5000), "4300 digits"),
    ],
)  # fmt: skip
def test_regions_in_json_are_refused_with_their_frame(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadParameter, match=f"--regions: .*boxes.json: .*{says}"):
        boxes(tmp_path, text, ".json")


@pytest.mark.parametrize(
    "source", ["a b.png", "a\u2028b.png", "a\x85b.png", "a\nb.png", 'a",b.png', "ü.png", "\ufeff.png"]
)
def test_a_source_may_be_called_whatever_a_file_may_be(tmp_path: Path, source: str) -> None:
    quoted = '"' + source.replace('"', '""') + '"'
    for text, suffix in (
        ("\ufeff" + HEAD + f"{quoted}, 7 ,0,0,1,1.5,x\r\n\r\n", ".csv"),
        (json.dumps({source: {"7": [{"box": [0, 0, 1, 1.5], "track": "x"}]}}), ".json"),
    ):
        found = boxes(tmp_path, text, suffix)
        (region,) = found.of(source, 7) or ()
        assert (region.box, region.track) == (Box(0, 0, 1, 1.5), "x")
        assert found.of(source, 8) is None
        found.check({source, "other.png"})
        with pytest.raises(BadParameter, match="no source in it is among FRAMES"):
            found.check({"other.png"})


def test_a_table_without_lines_names_no_frame(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match=r"it has 'nothing', they have 'a\.png'"):
        boxes(tmp_path, HEAD).check({"a.png"})
    assert Boxes().of("a.png", 0) == ()


@pytest.mark.parametrize("content", ["{", "[]", "null", "5", '"run"', "\ud800".encode("utf-8", "surrogatepass")])
def test_what_is_no_run_is_not_gone_on_with(tmp_path: Path, content: str | bytes) -> None:
    (tmp_path / RUN).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadParameter, match=f"--out: {tmp_path}: "):
        Output(str(tmp_path)).begin({"format": 1})


@pytest.mark.parametrize("damage", [lambda whole: b"", lambda whole: b"junk", lambda whole: whole[:-9]])
def test_a_part_that_is_damaged_is_named(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    output = Output(str(tmp_path))
    output.begin({"format": 1})
    output.write("pictures/1.parquet", [A_ROW])
    assert output.sources(["pictures/1.parquet"]) == {"a.png"}
    part = tmp_path / "pictures" / "1.parquet"
    part.write_bytes(damage(part.read_bytes()))
    with pytest.raises(BadParameter, match=r"--out: pictures/1\.parquet can't be read; remove it"):
        output.sources(["pictures/1.parquet"])


@pytest.mark.parametrize("name", ["out #1%41 ü?", "a:b", "a\\b", "day=5", " "])
def test_a_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    output = Output(str(tmp_path / name))
    assert output.begin({"format": 1}) == frozenset()
    output.write("pictures/1.parquet", [A_ROW])
    assert sorted(path.name for path in (tmp_path / name).rglob("*")) == ["1.parquet", RUN, "pictures"]
    assert Output(str(tmp_path / name)).begin({"format": 1}) == {RUN, "pictures/1.parquet"}
    assert output.sources(["pictures/1.parquet"]) == {"a.png"}


def test_a_store_may_be_named_with_a_slash_at_its_end() -> None:
    output = Output("mock:///bucket/scored/")
    output.begin({"format": 1})
    assert output.begin({"format": 1}) == {RUN}


def test_drives_whose_names_are_no_text_do_not_share_a_place(tmp_path: Path) -> None:
    odd = [Path(os.fsdecode(os.fsencode(tmp_path) + name)) for name in (b"/\xfe.mkv", b"/\xff.mkv")]
    for path, colour in zip(odd, (RED, GREEN), strict=True):
        video(tmp_path / "a.mkv", [striped(colour, width=16, height=16)])
        (tmp_path / "a.mkv").rename(path)
    assert find([tmp_path]) == ([], odd)
    assert len({named(path) for path in odd}) == len({Unit((path,), True).folder for path in odd}) == 2
    first, second = plan([tmp_path], Boxes(), Output(str(tmp_path / "out")), frozenset())
    there = {f"{first.folder}/{END}", f"{second.folder}/000000000.parquet"}
    (left,) = plan([tmp_path], Boxes(), Output(str(tmp_path / "out")), there)
    assert (left.paths, left.there) == (second.paths, frozenset(there) - {f"{first.folder}/{END}"})


@pytest.mark.parametrize("gpus", [1.5, 1.01, 15.999, math.nan])
def test_gpus_that_ray_gives_nobody_are_refused_before_anything_is_opened(tmp_path: Path, gpus: float) -> None:
    with pytest.raises(BadParameter, match="--gpus: above 1 a whole number"):
        score([tmp_path], str(tmp_path / "out"), ray=2, gpus=gpus)


@pytest.mark.parametrize("gpus", [0, 0.25, 1, 2.0])
def test_gpus_that_it_gives_are_not(tmp_path: Path, gpus: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADSIGHT_BUNDLES", str(tmp_path))
    with pytest.raises(BadBundle, match="no bundle here"):
        score([tmp_path], str(tmp_path / "out"), ray=2, gpus=gpus)


def said(frames: list[Recorded]) -> list[str]:
    """Of each frame what it is, or why it can't be read."""
    found = []
    for recorded in frames:
        try:
            found.append("a picture" if recorded.take() in FILES else "another one")
        except BadImage as error:
            found.append(str(error).partition(":")[0])
    return found


FILES = [encoded(striped(colour)) for colour in (RED, GREEN, BLUE)]


@pytest.mark.parametrize("missing", [1, 9, 20, 200])
def test_a_bag_that_nobody_closed_is_read_as_far_as_it_goes(tmp_path: Path, missing: int) -> None:
    bag(tmp_path / "a.mcap", [("/front", file) for file in FILES])
    assert said(list(bags.frames(tmp_path / "a.mcap"))) == ["a picture"] * 3
    whole = (tmp_path / "a.mcap").read_bytes()
    (tmp_path / "a.mcap").write_bytes(whole[:-missing])
    *pictures, last = list(bags.frames(tmp_path / "a.mcap"))
    assert said(pictures) == ["a picture"] * 3
    assert (said([last]), last.frame) == (["the bag can't be read from here on"], 3)
