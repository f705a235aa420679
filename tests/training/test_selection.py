from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsight_training.datasets import Sample, hold_back, open_dataset
from roadsight_training.errors import BadDataset, BadSplit
from training.tiny import gtsrb_row, minimal, packed

TWICE = [gtsrb_row(0, 0, 0, kind="full32"), gtsrb_row(0, 0, 0, kind="roi"), gtsrb_row(0, 0, 1, kind="full")]


def sample(group: int, index: int, number: int) -> Sample:
    return Sample(f"{group}/{number}", index, None, "train", "full", f"{group}/{number}", str(group), "drawn")


def test_auto_counts_an_image_once_and_takes_the_better_kind(tmp_path: Path) -> None:
    dataset = open_dataset(packed(tmp_path, TWICE))
    assert [chosen.kind for chosen in dataset.select("train")] == ["roi", "full"]
    assert [chosen.kind for chosen in dataset.select("train", "full32")] == ["full32"]


def test_without_track_and_frame_rows_that_differ_in_kind_alone_are_one_image(tmp_path: Path) -> None:
    dataset = open_dataset(packed(tmp_path, [minimal(row, "kind") for row in TWICE]))
    assert [chosen.kind for chosen in dataset.select("train")] == ["roi", "full"]


def test_no_row_left_is_an_error_that_names_what_there_is(tmp_path: Path) -> None:
    dataset = open_dataset(packed(tmp_path, TWICE))
    for split, kind in (("test", "auto"), ("train", "full33")):
        with pytest.raises(BadDataset, match=rf"split '{split}'.*; there are: train/full, train/full32, train/roi"):
            dataset.select(split, kind)  # type: ignore[arg-type]


@given(
    tracks=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6)), min_size=2, max_size=40),
    fraction=st.floats(0.01, 0.9),
    seed=st.integers(0, 99),
)
def test_no_track_is_shared_and_nothing_is_lost(tracks: list[tuple[int, int]], fraction: float, seed: int) -> None:
    samples = [sample(track, index, n) for track, (index, size) in enumerate(tracks) for n in range(size)]
    classes = [index for index, _ in tracks]
    several = {index for index in classes if classes.count(index) > 1}
    if not several:
        with pytest.raises(BadSplit, match="no class has two tracks"):
            hold_back(samples, fraction, seed)
        return
    training, validation = hold_back(samples, fraction, seed)
    assert not {s.group for s in training} & {s.group for s in validation}
    assert sorted(s.path for s in training + validation) == sorted(s.path for s in samples)
    assert {s.index for s in training} == set(classes)
    assert {s.index for s in validation} == several


def test_the_seed_fixes_what_is_held_back() -> None:
    samples = [sample(track, track % 3, n) for track in range(60) for n in range(2)]
    assert hold_back(samples, 0.1, 4) == hold_back(samples, 0.1, 4)
    assert hold_back(samples, 0.1, 4) != hold_back(samples, 0.1, 5)
    assert len(hold_back(samples, 0.1, 4)[1]) == 12
