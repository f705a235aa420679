"""What a recipe's options make of a data set, before anything is trained."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

import colours
from roadsight_models.manifest import Provenance
from roadsight_training.datasets import Dataset, open_dataset
from roadsight_training.errors import BadDataset, BadRecipe, BadRun, BadSplit
from roadsight_training.export import check_split
from roadsight_training.loading import crop_all
from roadsight_training.prepare import (
    SEEN,
    decode_parts,
    divide,
    measure_normalisation,
    seen_before,
    start_network,
    training_loader,
    validation_loaders,
)
from roadsight_training.recipe import Recipe
from roadsight_training.run import Run, create, held_back
from training import tiny
from training.tiny import gtsrb_row, packed

PARTS: dict[str, dict[str, object]] = {
    "network": {"name": "logistic"},
    "fit": {"batch_size": 8, "learning_rate": 0.01, "average_decay": None},
}


def recipe(**changes: dict[str, object]) -> Recipe:
    """The recipe with the parts above, other in some options."""
    changed = {part: PARTS.get(part, {}) | options for part, options in changes.items()}
    return Recipe.model_validate(tiny.asked(**PARTS | changed))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Three classes, 4, 3 and 3 tracks of 6 frames; the last track of each was taken by another camera."""
    tracks = ((0, (1, 2, 3, 9)), (1, (1, 2, 9)), (2, (1, 2, 9)))
    rows = [
        gtsrb_row(index, track, frame) | {"source": "rear" if track == 9 else "front"}
        for index, some in tracks
        for track in some
        for frame in range(6)
    ]
    return open_dataset(packed(tmp_path_factory.mktemp("prepare") / "data", rows))


def test_no_track_is_on_both_sides_and_every_class_is_validated(dataset: Dataset) -> None:
    _, training, validation = divide(recipe(), dataset)
    assert not {one.group for one in training} & {one.group for one in validation}
    assert {one.index for one in validation} == {0, 1, 2}
    assert len(training) + len(validation) == 60


def test_runs_that_differ_in_their_seed_alone_are_validated_on_the_same_tracks(dataset: Dataset) -> None:
    parts = [divide(recipe(fit={"seed": seed}), dataset)[2] for seed in range(5)]
    assert all(part == parts[0] for part in parts)
    assert any(divide(recipe(data={"seed": seed}), dataset)[2] != parts[0] for seed in range(1, 5))


def test_a_source_that_is_held_out_is_never_trained_on(dataset: Dataset) -> None:
    by_source = recipe(data={"hold_out_sources": ["rear"], "validation": None})
    _, training, validation = divide(by_source, dataset)
    assert {one.source for one in training} == {"front"}
    assert {one.source for one in validation} == {"rear"}


def test_a_source_that_is_left_out_is_nowhere(dataset: Dataset) -> None:
    _, training, validation = divide(recipe(data={"without_sources": ["rear"]}), dataset)
    assert {one.source for one in training + validation} == {"front"}
    with pytest.raises(BadSplit, match="no source 'read' to leave out; there are: front, rear"):
        divide(recipe(data={"without_sources": ["read"]}), dataset)
    with pytest.raises(BadSplit, match="nothing is left without the sources front, rear"):
        divide(recipe(data={"without_sources": ["front", "rear"]}), dataset)


def test_validation_may_have_a_split_of_its_own(dataset: Dataset, tmp_path: Path) -> None:
    cut = tuple(replace(one, split="val") if one.source == "rear" else one for one in dataset.samples)
    apart, by_split = replace(dataset, samples=cut), recipe(data={"validation": "val"})
    known, training, validation = divide(by_split, apart)
    assert {one.split for one in training} == {"train"}
    assert {one.split for one in validation} == {"val"}
    assert len(training) + len(validation) == 60
    text = yaml.safe_dump(by_split.model_dump(mode="json", exclude_unset=True))
    groups = [frozenset(one.group for one in part) for part in (validation, training)]
    run = create(tmp_path / "run", text, known.labels, groups[0], groups[1], "float32")
    assert held_back(run, apart) == validation
    for split, said in (("train", "was trained on 'train'"), ("val", "was chosen by 'val'")):
        with pytest.raises(BadSplit, match=said):
            check_split(run, apart, split)


def test_two_splits_need_pictures_each(dataset: Dataset) -> None:
    val = replace(dataset.samples[-1], split="val", group="another", image="another")
    assert val.source == "rear"
    both = replace(dataset, samples=(*dataset.samples, val))
    assert divide(recipe(data={"validation": "val"}), both)[2] == (val,)
    with pytest.raises(BadSplit, match="nothing is left to validate on"):
        divide(recipe(data={"validation": "val", "without_sources": ["rear"]}), both)


def test_a_group_on_both_sides_is_refused(dataset: Dataset) -> None:
    another = replace(dataset.samples[0], split="val", image="another frame of its track")
    leaking = replace(dataset, samples=(*dataset.samples, another))
    with pytest.raises(BadSplit, match="is in the split for validation, and is trained on"):
        divide(recipe(data={"validation": "val"}), leaking)


def earlier(folder: Path, dataset: Dataset, **changes: dict[str, object]) -> tuple[Run, dict[str, object]]:
    """A run as training begins it, and the `network` part of a recipe that starts from it."""
    asked = recipe(**changes)
    known, training, validation = divide(asked, dataset)
    held, seen = (frozenset(one.group for one in part) for part in (validation, training))
    text = yaml.safe_dump(asked.model_dump(mode="json", exclude_unset=True))
    run = create(folder, text, known.labels, held, seen | seen_before(asked, dataset), "float32")
    return run, {"weights": str(folder)}


def test_what_an_earlier_run_was_trained_on_is_never_validated_on(dataset: Dataset, tmp_path: Path) -> None:
    run, start = earlier(tmp_path / "earlier", dataset)
    for seed in range(4):
        _, training, validation = divide(recipe(network=start, data={"seed": seed, "validation": 0.6}), dataset)
        assert {one.group for one in validation} == run.validation  # however much is asked for
        assert len(training) + len(validation) == 60
    assert divide(recipe(network=start), dataset) == divide(recipe(), dataset)
    assert divide(recipe(network={"weights": str(run.last)}), dataset) == divide(recipe(), dataset)
    _, _, validation = divide(recipe(network=start, data={"labels": ["speed_limit_20", "speed_limit_50"]}), dataset)
    assert {one.group for one in validation} < run.validation
    with pytest.raises(BadSplit, match="the network that training starts from, or a teacher, was trained on rear"):
        divide(recipe(network=start, data={"hold_out_sources": ["rear"], "validation": None}), dataset)


def test_of_classes_that_the_earlier_run_did_not_know_any_track_may_be_held_back(
    dataset: Dataset, tmp_path: Path
) -> None:
    run, start = earlier(tmp_path / "earlier", dataset, data={"labels": ["speed_limit_20", "speed_limit_30"]})
    _, _, validation = divide(recipe(network=start), dataset)
    assert {one.group for one in validation if one.index != 2} == run.validation
    assert {one.index for one in validation} == {0, 1, 2}


def test_what_the_start_of_an_earlier_run_saw_counts_too(dataset: Dataset, tmp_path: Path) -> None:
    first, start = earlier(tmp_path / "first", dataset, data={"labels": ["speed_limit_20", "speed_limit_30"]})
    others: dict[str, object] = {"labels": ["speed_limit_30", "speed_limit_50"]}
    second, start = earlier(tmp_path / "second", dataset, data=others, network=start)
    assert second.seen > first.seen
    for seed in range(4):
        _, _, validation = divide(recipe(network=start, data={"seed": seed}), dataset)
        assert second.seen.isdisjoint(one.group for one in validation)


def test_what_a_bundle_was_trained_on_follows_from_its_recipe(dataset: Dataset, tmp_path: Path) -> None:
    known, training, _ = divide(recipe(), dataset)
    text = yaml.safe_dump(recipe().model_dump(mode="json", exclude_unset=True))
    told = Provenance(data="", weights="", code="", recipe=text)
    files = {"golden.npz": colours.npz(frames=colours.crops(1), logits=np.zeros((1, 43), np.float32))}
    bundle = colours.save(tmp_path, files, labels=known.labels, provenance=told)
    asked = recipe(network={"weights": str(bundle.folder)}, data={"seed": 5})
    assert seen_before(asked, dataset) == {one.group for one in training}
    _, _, validation = divide(asked, dataset)
    assert seen_before(asked, dataset).isdisjoint(one.group for one in validation)
    unknown = colours.save(tmp_path / "other", files, labels=known.labels)  # whose recipe is not understood
    assert seen_before(recipe(network={"weights": str(unknown.folder)}), dataset) == frozenset()


def test_what_a_bundle_saw_is_known_where_its_validation_split_is_missing(dataset: Dataset, tmp_path: Path) -> None:
    theirs = recipe(data={"validation": "val", "without_sources": ["rear", "a camera that is not here"]})
    text = yaml.safe_dump(theirs.model_dump(mode="json", exclude_unset=True))
    files = {"golden.npz": colours.npz(frames=colours.crops(1), logits=np.zeros((1, 43), np.float32))}
    told = Provenance(data="", weights="", code="", recipe=text)
    bundle = colours.save(tmp_path, files, labels=dataset.labels, provenance=told)
    front = {one.group for one in dataset.samples if one.source == "front"}
    assert seen_before(recipe(network={"weights": str(bundle.folder)}), dataset) == front


def test_one_class_is_told_before_anything_trains(dataset: Dataset) -> None:
    with pytest.raises(BadDataset, match="one class, speed_limit_20: there is nothing to tell apart"):
        divide(recipe(), dataset.known_as(("speed_limit_20",)))


def test_a_start_that_is_not_there_is_told(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(BadRun, match="no such file; a folder that `roadsight train` made is expected"):
        divide(recipe(network={"weights": str(tmp_path / "nowhere")}), dataset)


def test_few_images_are_spread_over_the_tracks_and_validation_stays_whole(dataset: Dataset) -> None:
    _, all_of_them, validation = divide(recipe(), dataset)
    _, training, same = divide(recipe(data={"images_per_class": 2}), dataset)
    assert same == validation
    assert [sum(one.index == index for one in training) for index in range(3)] == [2, 2, 2]
    for index in range(3):
        tracks = {one.group for one in all_of_them if one.index == index}
        assert len({one.group for one in training if one.index == index}) == min(2, len(tracks))


def test_labels_choose_and_order_the_classes(dataset: Dataset) -> None:
    chosen, training, _ = divide(recipe(data={"labels": ["speed_limit_50", "speed_limit_20"]}), dataset)
    assert chosen.labels == ("speed_limit_50", "speed_limit_20")
    assert {one.index for one in training} == {0, 1}
    with pytest.raises(BadDataset, match="unknown label 'speed_limit_500'; did you mean 'speed_limit_50'"):
        divide(recipe(data={"labels": ["speed_limit_500", "speed_limit_20"]}), dataset)


@pytest.mark.parametrize(
    ("epochs", "every", "rounds", "steps"),
    [(2.0, 1.0, 2, 10), (0.6, 1.0, 1, 3), (3.0, 1.5, 2, 15), (1.0, 0.5, 2, 4), (0.01, 1.0, 1, 1)],
)
def test_epochs_and_validations_become_rounds_of_steps(
    dataset: Dataset, epochs: float, every: float, rounds: int, steps: int
) -> None:
    asked = recipe(fit={"epochs": epochs, "validate_every": every})
    parts = decode_parts(asked, dataset)
    assert len(parts.training.pictures) == 42  # 5 batches of 8 a pass; what does not fill one sits out
    loader, found = training_loader(asked, parts, world=1)
    assert found == rounds
    assert rounds * len(loader) == pytest.approx(steps, abs=1)


def test_validation_is_measured_beside_as_many_pictures_that_are_trained_on(dataset: Dataset) -> None:
    parts = decode_parts(recipe(), dataset)
    held, seen = validation_loaders(recipe(), parts)
    counts = [sum(len(batch.frames) for batch in loader) for loader in (held, seen)]
    assert counts == [len(parts.validation.pictures)] * 2
    assert counts[0] < SEEN


@pytest.mark.parametrize(("how", "shape"), [("mean_image", (1, 3, 16, 16)), ("channel_mean", (1, 3, 1, 1))])
def test_the_mean_that_is_taken_away_is_that_of_the_training_part(
    dataset: Dataset, how: str, shape: tuple[int, ...]
) -> None:
    asked = recipe(network={"normalisation": how})
    parts = decode_parts(asked, dataset)
    network = start_network(asked, parts.labels)
    measure_normalisation(asked, parts, network)
    frames = crop_all(parts.training.pictures, asked.input).transpose(0, 3, 1, 2)
    wanted = frames.mean((0,) if how == "mean_image" else (0, 2, 3)).reshape(shape)
    assert network.normalise.mean.shape == shape
    np.testing.assert_allclose(network.normalise.mean.numpy(), wanted, rtol=1e-5)


def test_pictures_that_are_too_small_for_the_network_are_told_before_anything_trains(dataset: Dataset) -> None:
    with pytest.raises(BadRecipe, match=r"3x16x16 is too small: layer conv\d\.\d \(\w+\) would have no output"):
        start_network(recipe(network={"name": "alexnet"}), dataset.labels)
