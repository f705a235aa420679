"""Distillation: what teachers say becomes the target, through real runs."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from roadsight_training.datasets import Dataset, open_dataset
from roadsight_training.datasets.pictures import crops
from roadsight_training.errors import BadRecipe, BadRun, BadWeights
from roadsight_training.fit import fit, load_best
from roadsight_training.prepare import divide, seen_before
from roadsight_training.recipe import read
from roadsight_training.run import Run, open_run
from roadsight_training.teaching import Teacher, Teachers, hire
from training.networks.proving import batch, built
from training.tiny import learnable, recipe

LABELS = ("speed_limit_20", "speed_limit_30", "speed_limit_50")


def written(place: Path, side: int = 32, context: float = 0.0, **parts: dict[str, object]) -> Path:
    return recipe(
        place / "recipe.yaml",
        data={"labels": LABELS} | parts.pop("data", {}),
        input={"width": side, "height": side, "context": context},
        network={"name": "lenet5", "batch_norm": True, "dropout": 0},
        fit={"epochs": 4, "batch_size": 8, "average_decay": 0.9},
        **parts,
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(learnable(tmp_path_factory.mktemp("teaching") / "data"))


@pytest.fixture(scope="module")
def teacher(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run on pictures of another size than those of its pupils."""
    place = tmp_path_factory.mktemp("teacher")
    return fit(written(place, side=48), dataset, place / "run")


def test_the_target_moves_toward_the_mean_answer_by_the_share() -> None:
    shown = batch(6, 32)
    them = tuple(Teacher(built("lenet5", 32, seed=seed).eval(), (32, 32)) for seed in (1, 2))
    said = sum(teacher.network(shown.frames).logits.softmax(1) for teacher in them) / 2
    taught = Teachers(them, 0.25).teach(shown)
    assert torch.allclose(taught.targets, 0.75 * shown.targets + 0.25 * said, atol=1e-6)
    assert torch.allclose(taught.targets.sum(1), torch.ones(6))
    assert not taught.targets.requires_grad
    assert (taught.frames is shown.frames, taught.weights is shown.weights) == (True, True)


def test_without_teachers_a_batch_stays_as_it_is() -> None:
    shown = batch(3, 32)
    assert Teachers().teach(shown) is shown


def test_a_teacher_sees_pictures_at_its_own_size() -> None:
    network = built("lenet5", 32).eval()
    large, small = batch(4, 64), batch(4, 32)
    with torch.no_grad():
        resized, own = (Teacher(network, (32, 32)).answer(one.frames) for one in (large, small))
    assert resized.shape == own.shape
    assert (resized - own).abs().max() < 0.1  # the same signs, resized by another rule


def test_a_pupil_learns_what_its_teacher_says_and_not_what_the_labels_say(
    dataset: Dataset, teacher: Run, tmp_path: Path
) -> None:
    contrary = open_run(shutil.copytree(teacher.folder, tmp_path / "contrary"))  # it names each class as the next one
    stored = torch.load(contrary.best, weights_only=True)
    for name, tensor in stored["state_dict"].items():
        if name.startswith("network.head."):
            stored["state_dict"][name] = tensor.roll(1, 0)
    torch.save(stored, contrary.best)
    distil: dict[str, object] = {"teachers": [str(contrary.folder)], "share": 1.0}
    pupil = fit(written(tmp_path, distil=distil), dataset, tmp_path / "run")
    known, training, _ = divide(pupil.recipe, dataset)
    frames = torch.from_numpy(crops(known, training, pupil.recipe.input))
    with torch.inference_mode():
        answered = load_best(pupil)(frames).logits.argmax(1).tolist()
    assert np.mean([answer == (one.index + 1) % 3 for answer, one in zip(answered, training, strict=True)]) > 0.9
    assert not any("teacher" in name for name in torch.load(pupil.last, weights_only=True)["state_dict"])


def test_what_a_teacher_saw_is_never_validated_on(dataset: Dataset, teacher: Run, tmp_path: Path) -> None:
    asked = read(written(tmp_path, distil={"teachers": [str(teacher.best)]}, data={"seed": 5}))
    assert seen_before(asked, dataset) == teacher.seen
    _, _, validation = divide(asked, dataset)
    assert {one.group for one in validation} <= teacher.validation


def test_who_can_not_teach_is_told(dataset: Dataset, teacher: Run, tmp_path: Path) -> None:
    distil: dict[str, object] = {"teachers": [str(teacher.folder)]}
    with pytest.raises(BadWeights, match="is no teacher here: its labels are speed_limit_20, speed_limit_30, "):
        hire(read(written(tmp_path, distil=distil)), LABELS[:2])
    with pytest.raises(BadWeights, match=r"its crops have a context of 0\.0, not 0\.25"):
        hire(read(written(tmp_path, context=0.25, distil=distil)), LABELS)
    with pytest.raises(BadRun, match=r"recipe\.yaml: no such file"):
        fit(written(tmp_path, distil={"teachers": [str(tmp_path / "nowhere")]}), dataset, tmp_path / "run")
    with pytest.raises(BadRecipe, match=r"distil\.teachers"):
        read(written(tmp_path, distil={"share": 0.5}))
    with pytest.raises(BadRecipe, match=r"unknown key 'distil\.teacher'; did you mean 'teachers'"):
        read(written(tmp_path, distil={"teacher": "runs/a"}))
