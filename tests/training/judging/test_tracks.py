"""Frames of a track together, beside each alone: what is counted, and that it is what the service would say."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import colours
from roadsight_training.commands.tracks import tracks
from roadsight_training.datasets.gtsrb import LABELS
from roadsight_training.errors import BadAnswers
from roadsight_training.judging.answers import Answers
from roadsight_training.judging.tracks import compare
from training.judging.drawn import TWO, one_sign, sample
from training.tiny import learnable


def of(*shown: tuple[str, float]) -> Answers:
    """Frames of signs: the track of each, and how likely it was said to be one."""
    samples = [replace(sample(1), group=track) for track, _ in shown]
    return Answers.read(one_sign(*(score for _, score in shown)), samples, TWO)


def test_a_frame_that_errs_is_mended_by_those_before_it_in_its_own_track() -> None:
    found = compare(of(("a", 0.9), ("b", 0.2), ("a", 0.3), ("b", 0.4), ("a", 0.9)), uncertain_below=0.85)
    assert (found.tracks, found.all.mended, found.all.spoilt) == (2, 1, 0)
    assert (found.all.alone.right.hits, found.all.fused.right.hits, found.all.fused.right.n) == (2, 3, 5)
    assert {n: row.alone.right.n for n, row in found.after.items()} == {1: 2, 2: 2, 3: 1}
    assert (found.all.alone.sure.hits, found.all.alone.right_of_sure.hits) == (2, 2)


def test_the_first_frame_is_as_it_is_alone_and_one_that_was_wrong_may_spoil_the_next() -> None:
    found = compare(of(("a", 0.05), ("a", 0.6)), uncertain_below=0.0)
    assert found.after[1].alone == found.after[1].fused
    assert (found.all.mended, found.all.spoilt) == (0, 1)
    assert compare(of(("a", 0.05), ("a", 0.6)), uncertain_below=0.0, forgetting=0.0).all.spoilt == 0


def test_frames_go_by_their_numbers_however_they_are_stored() -> None:
    stored = [("2", 0.3), ("10", 0.2), ("1", 0.9)]
    samples = [replace(sample(1), group="a", image=f"1/7/{number}") for number, _ in stored]
    found = compare(Answers.read(one_sign(*(score for _, score in stored)), samples, TWO), uncertain_below=0.5)
    assert [found.after[n].alone.right.hits for n in (1, 2, 3)] == [1, 0, 0]
    assert (found.after[2].mended, found.after[3].mended) == (1, 0)


def test_without_tracks_there_is_nothing_to_fuse() -> None:
    with pytest.raises(BadAnswers, match="no track has two frames"):
        compare(of(("a", 0.9), ("b", 0.9)), uncertain_below=0.5)


def test_the_command_prints_a_row_for_each_number_of_frames(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    colours.save(tmp_path / "bundles", None, labels=LABELS[:3])
    data, figures = learnable(tmp_path / "data"), tmp_path / "figures.json"
    tracks(tmp_path / "bundles" / "colours" / "1.0.0", data, "test", json_path=figures)
    told = json.loads(figures.read_text())
    assert (told["tracks"], told["all"]["fused"]["top1"]["n"], list(told["after"])) == (3, 12, ["1", "2", "3"])
    assert "3 tracks" in capsys.readouterr().out
