"""What a run leaves behind wherever it is stopped, and what the next one makes of it; what it says when it is done."""

import errno
from pathlib import Path

import av
import pytest

import colours
from pictures import BLUE, GREEN, RED, encoded, striped
from recordings import bag, pictures, video
from roadsight_models.errors import BadParameter
from roadsight_service.scoring import work
from roadsight_service.scoring.command import score
from roadsight_service.scoring.output import RUN
from roadsight_service.scoring.work import CHUNK, END
from scored import labels, rows

SMALL = [striped(colour, width=16, height=16) for colour in (RED, GREEN, BLUE)]


@pytest.fixture(autouse=True)
def bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    colours.save(tmp_path / "bundles")
    monkeypatch.setenv("ROADSIGHT_BUNDLES", str(tmp_path / "bundles"))
    return tmp_path / "bundles"


def files(out: Path) -> dict[str, int]:
    """Every file, and when it was written."""
    return {str(path.relative_to(out)): path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}


def recorded(tmp_path: Path) -> tuple[Path, Path]:
    """A video of two whole parts, and where it was scored."""
    (tmp_path / "drive").mkdir()
    video(tmp_path / "drive" / "a.mkv", [SMALL[number % 3] for number in range(2 * CHUNK)])
    score([tmp_path / "drive"], str(tmp_path / "out"))
    return tmp_path / "drive", tmp_path / "out"


def test_a_part_that_is_missing_is_written_anew_and_no_other(tmp_path: Path) -> None:
    drive, out = recorded(tmp_path)
    (first,), (end,) = out.rglob("000000000.parquet"), out.rglob(END)
    before = files(out)
    first.unlink()
    end.unlink()
    score([drive], str(out))
    after = files(out)
    assert after.keys() == before.keys()
    written = {name for name in after if after[name] != before[name]}
    assert written == {str(path.relative_to(out)) for path in (first, end)}
    assert [row["frame"] for row in rows(out)] == list(range(2 * CHUNK))


def test_one_that_was_stopped_before_it_could_say_that_all_was_done_adds_nothing(tmp_path: Path) -> None:
    drive, out = recorded(tmp_path)
    before = files(out)
    (end,) = out.rglob(END)
    end.unlink()
    score([drive], str(out))
    assert {name for name, at in files(out).items() if at != before[name]} == {str(end.relative_to(out))}


def tried(drive: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> bool:
    """Runs; whether the one recording is to be tried again, which is told and noted alike."""
    score([drive], str(out))
    is_told = "breaks off; the next run tries it again" in capsys.readouterr().out
    assert is_told == (not list(out.rglob(END)))
    return is_told


@pytest.mark.parametrize(("shown", "kept"), [(4, {"000000000.parquet"}), (5, {f"00000000{n}.parquet" for n in (0, 2)})])
def test_a_recording_that_breaks_off_is_tried_again_from_there_until_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shown: int, kept: set[str]
) -> None:
    monkeypatch.setattr(work, "CHUNK", 2)
    drive, out = tmp_path / "drive.mcap", tmp_path / "out"
    bag(drive, [("/front", encoded(SMALL[number % 3])) for number in range(shown)])
    whole, names = drive.read_bytes(), ["red", "green", "blue", "red", "green"][:shown]
    drive.write_bytes(whole[:-200])
    assert tried(drive, out, capsys)
    before = files(out)
    for content in (whole[:-200], b"no bag"):  # as it was; then not to be read at all, which takes nothing away
        drive.write_bytes(content)
        assert tried(drive, out, capsys)
        assert labels(out) == [*names, None]
    drive.write_bytes(whole)
    assert not tried(drive, out, capsys)
    assert labels(out) == names
    assert {Path(name).name for name, at in before.items() if files(out).get(name) == at} - {RUN} == kept
    assert not list(out.rglob("_cut_*"))
    score([drive], str(out))
    assert "nothing is left to do" in capsys.readouterr().out


def test_nor_is_one_done_with_whose_disk_is_away_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(_: object) -> None:
        raise av.FFmpegError(errno.EIO, "Input/output error")

    drive, out = tmp_path / "a [b].mkv", tmp_path / "out"
    video(drive, SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(av, "open", away)
        score([drive], str(out))
    assert f"{drive} breaks off; the next run tries it again" in capsys.readouterr().out
    (row,) = rows(out)
    assert (row["status"], row["frame"], "Input/output error" in row["detail"]) == ("unreadable", 0, True)
    assert not tried(drive, out, capsys)
    assert labels(out) == ["red", "green", "blue"]


def test_half_a_part_is_no_part(tmp_path: Path) -> None:
    drive, out = tmp_path / "drive", tmp_path / "out"
    pictures(drive, ["red", "green"])
    score([drive], str(out))
    (part,) = (out / "pictures").glob("*.parquet")
    part.rename(part.with_name(f".{part.name}.0"))  # as it lies there until it is whole
    score([drive], str(out))
    assert labels(out) == ["red", "green"]


def test_two_files_of_one_name_have_parts_of_their_own(tmp_path: Path) -> None:
    for number, folder in enumerate(("a", "b")):
        (tmp_path / "drive" / folder).mkdir(parents=True)
        video(tmp_path / "drive" / folder / "front.mkv", [SMALL[number]])
    score([tmp_path / "drive"], str(tmp_path / "out"))
    assert labels(tmp_path / "out") == ["red", "green"]


def test_a_run_whose_settings_can_not_be_read_is_refused(tmp_path: Path) -> None:
    pictures(tmp_path / "drive", ["red"])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / RUN).write_text("{")
    with pytest.raises(BadParameter, match="--out"):
        score([tmp_path / "drive"], str(tmp_path / "out"))


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    pictures(tmp_path / "drive", ["red"])
    (tmp_path / "out").write_text("no folder")
    with pytest.raises(BadParameter, match="--out"):
        score([tmp_path / "drive"], str(tmp_path / "out"))


def test_a_region_is_judged_by_every_task_and_a_small_one_is_unknown(tmp_path: Path, bundles: Path) -> None:
    colours.save(bundles, name="shades", task="shade", uncertain_below=1.0)
    (picture,) = pictures(tmp_path / "drive", ["blue"])
    (tmp_path / "boxes.csv").write_text(f"source,frame,x1,y1,x2,y2\n{picture},0,0,0,20,20\n{picture},0,30,0,33,3\n")
    score([picture], str(tmp_path / "out"), regions=tmp_path / "boxes.csv")
    said = {(row["x1"], row["task"]): (row["status"], row["reason"], row["label"]) for row in rows(tmp_path / "out")}
    assert said == {
        (0, "colour"): ("ok", None, "blue"),
        (0, "shade"): ("uncertain", None, "blue"),
        (30, "colour"): ("unknown", "region_too_small", None),
        (30, "shade"): ("unknown", "region_too_small", None),
    }


def test_a_picture_over_the_limit_is_a_row_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADSIGHT_MAX_PIXELS", "1000")
    (tmp_path / "large.png").write_bytes(encoded(striped(RED)))
    score([tmp_path / "large.png"], str(tmp_path / "out"))
    (row,) = rows(tmp_path / "out")
    assert (row["status"], row["reason"], "40 x 40" in row["detail"]) == ("unreadable", "too_large", True)


def test_the_summary_counts_frames_labels_and_what_could_not_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drive = tmp_path / "drive"
    pictures(drive, ["red", "red", "blue"])
    (drive / "broken.png").write_bytes(b"no picture")
    score([drive], str(tmp_path / "out"))
    said = capsys.readouterr().out
    assert "4 frames, " in said and "1 of them unreadable" in said
    told = [[cell.strip() for cell in line.strip("│ ").split("│")] for line in said.splitlines() if "│" in line]
    assert told == [["unreadable", "", "1"], ["colour", "ok", "blue", "1"], ["colour", "ok", "red", "2"]]
    score([drive], str(tmp_path / "out"))
    assert "nothing is left to do" in capsys.readouterr().out


def test_a_setting_that_can_not_be_read_ends_it_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADSIGHT_MAX_PIXELS", "many")
    with pytest.raises(SystemExit, match="max_pixels"):
        score([tmp_path], str(tmp_path / "out"))
