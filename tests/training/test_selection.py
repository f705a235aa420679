from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from roadsight_training.datasets import Sample, few, hold_back, open_dataset
from roadsight_training.errors import BadDataset, BadSplit
from training.tiny import gtsrb_row, minimal, packed

TWICE = [gtsrb_row(0, 0, 0, kind="full32"), gtsrb_row(0, 0, 0, kind="roi"), gtsrb_row(0, 0, 1, kind="full")]


def sample(group: int, index: int, number: int, source: str = "drawn") -> Sample:
    return Sample(f"{group}/{number}", index, None, "train", "full", f"{group}/{number}", str(group), source)


def as_shipped(samples: list[Sample], fraction: float, seed: int) -> set[str]:
    """The rule that took the validation tracks of the shipped model, which must be found again."""
    by_class: dict[int, list[str]] = {}
    for group, index in {sample.group: sample.index for sample in samples}.items():
        by_class.setdefault(index, []).append(group)
    rng = np.random.default_rng(seed)
    held: set[str] = set()
    for _, groups in sorted(by_class.items()):
        count = min(max(1, round(fraction * len(groups))), len(groups) - 1)
        held.update(groups[i] for i in rng.permutation(len(groups))[:count])
    return held


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
    assert {s.group for s in validation} == as_shipped(samples, fraction, seed)


@given(
    tracks=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b", "c"])), min_size=2, max_size=40),
    fraction=st.floats(0.01, 0.9),
    seed=st.integers(0, 99),
)
def test_every_class_of_every_source_gives_its_part(tracks: list[tuple[int, str]], fraction: float, seed: int) -> None:
    samples = [sample(track, index, n, source) for track, (index, source) in enumerate(tracks) for n in range(2)]
    classes = [index for index, _ in tracks]
    assume(len(set(classes)) < len(classes))
    training, validation = hold_back(samples, fraction, seed)
    assert not {s.group for s in training} & {s.group for s in validation}
    assert len(training) + len(validation) == len(samples)
    several = {pair for pair in tracks if tracks.count(pair) > 1}
    assert {(s.index, s.source) for s in validation} >= several
    assert {(s.index, s.source) for s in training} >= several
    assert {s.index for s in training} == set(classes)
    assert {s.index for s in validation} == {index for index in classes if classes.count(index) > 1}


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=4), min_size=1, max_size=20), st.integers(0, 9))
def test_a_frame_that_shows_several_classes_is_not_divided(frames: list[list[int]], seed: int) -> None:
    samples = [sample(frame, index, n) for frame, shown in enumerate(frames) for n, index in enumerate(shown)]
    frames_of = [sum(index in shown for shown in frames) for index in range(3)]
    assume(max(frames_of) > 1)
    training, validation = hold_back(samples, 0.2, seed)
    assert training
    assert not {s.group for s in training} & {s.group for s in validation}
    assert len(training) + len(validation) == len(samples)
    assert {s.index for s in validation} >= {index for index, count in enumerate(frames_of) if count > 1}


def test_sources_can_be_held_back_whole() -> None:
    samples = [sample(track, track % 2, n, "abc"[track % 3]) for track in range(12) for n in range(2)]
    samples.append(sample(0, 0, 9, "b"))  # of the same group as one of source a
    training, validation = hold_back(samples, 0.1, 0, ["a"])
    assert {s.source for s in training} == {"b", "c"}
    assert [s for s in validation if s.source == "b"] == [samples[-1]]
    with pytest.raises(BadSplit, match="no source 'd' to hold back; there are: a, b, c"):
        hold_back(samples, 0.1, 0, ["a", "d"])
    with pytest.raises(BadSplit, match="nothing is left to train on without the sources a, b, c"):
        hold_back(samples, 0.1, 0, ["a", "b", "c"])


@given(
    tracks=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 6)), max_size=20),
    per_class=st.integers(1, 12),
    seed=st.integers(0, 99),
)
def test_few_images_come_from_as_many_tracks_as_can_be(
    tracks: list[tuple[int, int]], per_class: int, seed: int
) -> None:
    samples = [sample(track, index, n) for track, (index, size) in enumerate(tracks) for n in range(size)]
    chosen = few(samples, per_class, seed)
    assert list(chosen) == [s for s in samples if s in set(chosen)]
    for index in range(3):
        sizes = [size for of, size in tracks if of == index]
        taken = [sum(s.group == str(track) for s in chosen) for track, (of, _) in enumerate(tracks) if of == index]
        assert sum(taken) == min(per_class, sum(sizes))
        most = max(taken, default=0)
        assert all(count >= min(size, most - 1) for count, size in zip(taken, sizes, strict=True))


def test_the_seed_fixes_which_images_are_chosen() -> None:
    samples = [sample(track, track % 3, n) for track in range(12) for n in range(9)]
    assert few(samples, 4, 1) == few(samples, 4, 1) != few(samples, 4, 2)
    # Not the first of each track: a track begins far away.
    assert {s.image.split("/")[1] for s in few(samples, 8, 1)} > {"0", "1"}


def test_the_seed_fixes_what_is_held_back() -> None:
    samples = [sample(track, track % 3, n) for track in range(60) for n in range(2)]
    assert hold_back(samples, 0.1, 4) == hold_back(samples, 0.1, 4)
    assert hold_back(samples, 0.1, 4) != hold_back(samples, 0.1, 5)
    assert len(hold_back(samples, 0.1, 4)[1]) == 12
