from pathlib import Path

import pytest
import yaml

from roadsight_training.datasets import open_dataset
from roadsight_training.errors import BadDataset
from roadsight_training.judging.parts import samples_of
from training.judging.drawn import MANIFEST
from training.tiny import asked, learnable


def test_validation_is_what_the_bundle_s_training_held_back(tmp_path: Path) -> None:
    dataset = open_dataset(learnable(tmp_path / "data"))
    recipe = yaml.safe_dump(asked(data={"unreadable": 0.05}))
    told = MANIFEST.provenance.model_copy(update={"recipe": recipe})
    manifest = MANIFEST.model_copy(update={"labels": dataset.labels, "provenance": told})
    held, unreadable = samples_of(manifest, dataset, "validation")
    assert {sample.split for sample in held} == {"train"}
    assert {sample.index for sample in held} == {0, 1, 2}
    assert len(held) < len(dataset.select("train"))
    assert unreadable == 0.05


def test_another_split_is_the_data_set_s(tmp_path: Path) -> None:
    dataset = open_dataset(learnable(tmp_path / "data"))
    assert samples_of(MANIFEST, dataset, "test") == (dataset.select("test"), 0.0)
    with pytest.raises(BadDataset, match="no row of split 'winter'"):
        samples_of(MANIFEST, dataset, "winter")
