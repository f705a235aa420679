import numpy as np
import pytest

from roadsight_training.judging.answers import Answers, Reading, Validation
from training.judging.drawn import MANIFEST, TWO, answers, logits, one_sign, sample, validation


def test_logits_are_read_at_the_temperature_of_the_manifest() -> None:
    given, samples = logits((0.5, 0.25, 0.125, 0.125)), [sample(0)]
    assert Answers.read(given, samples, MANIFEST).confidence == pytest.approx([0.5])
    hotter = MANIFEST.model_copy(update={"temperature": 2.0})
    roots = np.sqrt([0.5, 0.25, 0.125, 0.125])
    assert Answers.read(given, samples, hotter).probabilities[0] == pytest.approx(roots / roots.sum())


def test_a_network_that_has_no_manifest_yet_is_read_by_its_labels() -> None:
    found = answers(one_sign(0.9, 0.2, 0.5), [1, 1, 1])
    assert found.labels == ("other", "sign")
    assert found.guess.tolist() == [1, 0, 0]  # of equals the first
    assert found.right.tolist() == [True, False, False]
    assert len(found) == 3


def test_a_part_keeps_what_belongs_together() -> None:
    part = answers(one_sign(0.9, 0.2, 0.6), [1, 0, 0]).part(np.array([True, False, True]))
    assert (part.truth.tolist(), part.guess.tolist()) == ([1, 0], [1, 1])


def test_a_part_of_validation_is_validation() -> None:
    part = validation(one_sign(0.9, 0.2), [1, 0]).part(np.array([True, False]))
    assert isinstance(part, Validation)


def test_probabilities_that_underflow_stay_numbers() -> None:
    found = Answers.read(np.array([[-3e38, 3e38]], np.float32), [sample(1)], Reading(TWO.labels, temperature=0.05))
    assert found.probabilities.tolist() == [[0.0, 1.0]]
