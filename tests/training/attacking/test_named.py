"""Which attacks a name stands for, and whose pictures the substitute learns from."""

from pathlib import Path

import numpy as np
import pytest
import yaml

import colours
from roadsight_models.errors import BadParameter
from roadsight_models.manifest import Manifest
from roadsight_models.robustness.pgd import PGD
from roadsight_training.attacking.named import Attacker, named, own_pictures
from roadsight_training.datasets import open_dataset
from roadsight_training.errors import BadDataset
from roadsight_training.judging.parts import samples_of
from roadsight_training.substitute import Substitute
from training.attacking.painted import painted
from training.judging.drawn import MANIFEST
from training.larger import RULE
from training.tiny import asked, learnable

LARGER = colours.manifest(input=RULE)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Pictures to attack with small leads, others with large ones."""
    painted(tmp_path, range(1, 6))
    return painted(tmp_path, range(101, 111), split="train")


def leads(attacker: Attacker) -> list[int]:
    """Of the pictures that he has, one number each."""
    frames = own_pictures(attacker)
    assert frames.shape[1:] == (32, 32, 3)
    return sorted((frames.max((1, 2, 3)).astype(int) - 100).tolist())


def test_a_name_of_the_catalogue_needs_no_data() -> None:
    nowhere = Attacker(LARGER, Path("nowhere"), "test", None, 0)
    assert named("pgd", 7, 3, nowhere) == (PGD(steps=7, restarts=3),)


def test_the_attacker_has_training_pictures_and_none_of_those_that_are_attacked(data: Path) -> None:
    assert leads(Attacker(LARGER, data, "test", None, 0)) == sorted([*range(101, 111)] * 3)


def test_he_has_no_more_than_he_may_and_always_the_same(data: Path) -> None:
    seven = Attacker(LARGER, data, "test", 7, 0)
    assert len(own_pictures(seven)) == 7
    np.testing.assert_array_equal(own_pictures(seven), own_pictures(seven))


def test_of_what_training_held_back_he_has_no_track(tmp_path: Path) -> None:
    data = learnable(tmp_path / "data")
    dataset = open_dataset(data)
    told = MANIFEST.provenance.model_copy(update={"recipe": yaml.safe_dump(asked())})
    manifest: Manifest = MANIFEST.model_copy(update={"labels": dataset.labels, "provenance": told})
    held, _ = samples_of(manifest, dataset, "validation")
    every = len(dataset.select("train"))
    assert len(own_pictures(Attacker(manifest, data, "validation", every, 0))) == every - len(held) > 0
    assert len(own_pictures(Attacker(manifest, data, "test", every, 0))) == every


def test_where_his_pictures_are_the_attacked_ones_he_has_none(data: Path) -> None:
    with pytest.raises(BadDataset, match="'train' is all of 'train': no pictures are left for the attacker"):
        named("substitute", None, None, Attacker(LARGER, data, "train", None, 0))


def test_the_substitute_takes_steps_and_seed_and_says_what_it_has(data: Path) -> None:
    attacker = Attacker(LARGER, data, "test", 20, 5)
    (one,), (usual,) = named("substitute", 3, None, attacker), named("substitute", None, None, attacker)
    assert isinstance(one, Substitute) and isinstance(usual, Substitute)
    assert (one.steps, one.seed, usual.steps) == (3, 5, 10)
    assert one.own == usual.own
    assert one.own.startswith("20 pictures, SHA-256 ")


def test_what_has_no_pictures_or_restarts_of_its_own_is_given_none(data: Path) -> None:
    with pytest.raises(BadParameter, match="own: pgd has no pictures of its own"):
        named("pgd", None, None, Attacker(LARGER, data, "test", 5, 0))
    with pytest.raises(BadParameter, match="restarts: substitute has none to choose"):
        named("substitute", None, 2, Attacker(LARGER, data, "test", 5, 0))
