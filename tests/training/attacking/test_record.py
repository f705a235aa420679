"""A bundle tells what it withstands, in manifest and card."""

from pathlib import Path

import pytest
import yaml

import colour_gradient
import colours
from roadsight_models import bundle
from roadsight_models.manifest import Provenance
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.pgd import PGD
from roadsight_training.attacking.parameters import described
from roadsight_training.attacking.record import entries, record
from roadsight_training.attacking.results import Results
from roadsight_training.card import Measured, attacked, card_files
from roadsight_training.card.attacked import BEFORE, HEADING
from roadsight_training.judging.evaluation import measure
from training.attacking.made_up import RUN, journal
from training.judging.drawn import logits, sample
from training.tiny import asked

ATTACKS = (FGSM(), PGD(steps=10))


def results(**changes: object) -> Results:
    made = journal()
    made.header = {**made.header, **RUN, **changes}
    return Results.read(made)


@pytest.fixture
def carded(tmp_path: Path) -> bundle.Bundle:
    """The colour bundle with a card."""
    recipe = Provenance(data="none", weights="none", code="tests", recipe=yaml.safe_dump(asked()))
    manifest = colours.manifest(provenance=recipe)
    report = measure(logits((0.8, 0.1, 0.1)), [sample(0)], manifest)
    files = card_files(manifest, Measured({"test": report})) | {"gradient.onnx": colour_gradient.graph()}
    return colours.save(tmp_path, files, provenance=recipe)


def card(of: bundle.Bundle) -> str:
    return (of.folder / "card.md").read_text()


def test_an_entry_says_all_that_the_figure_means() -> None:
    eight, sixteen = entries(results(jpeg=75, target="red", seed=3), ATTACKS)
    assert (eight.attack, eight.norm, eight.epsilon) == ("both", "linf", 8 / 255)
    assert eight.parameters == "fgsm; pgd: steps 10, step None, random_start True, restarts 1" == described(ATTACKS)
    assert eight.n == 6
    assert eight.clean_top1 == pytest.approx(5 / 6)
    assert eight.robust_top1 == pytest.approx(4 / 6)
    assert (eight.jpeg, eight.target, eight.seed, eight.split, eight.precision) == (75, "red", 3, "test", "float32")
    assert eight.interval[0] < eight.robust_top1 < eight.interval[1]
    assert (eight.steps, sixteen.epsilon) == (4.0, 16 / 255)


def test_what_was_not_by_default_is_in_the_command_and_is_another_question(carded: bundle.Bundle) -> None:
    own = entries(results(steps=100, restarts=None, own=50), ATTACKS)
    assert own[0].options == "--steps 100 --own 50"
    told = record(record(carded, entries(results(), ATTACKS)), own)
    assert len(told.manifest.robustness) == 4
    text = card(told)
    assert "| both --steps 100 --own 50 | linf | 8/255 |" in text
    assert "- both --steps 100 --own 50: fgsm; pgd" in text and "- both: fgsm; pgd" in text
    assert "--data DIR --attack both --steps 100 --own 50 --norm linf" in text


def test_an_attack_without_a_ball_has_no_epsilon() -> None:
    without = entries(results(norm=None), ATTACKS)
    assert {(one.norm, one.epsilon) for one in without} == {(None, None)}


def test_the_bundle_tells_it_in_manifest_and_card(carded: bundle.Bundle) -> None:
    assert HEADING not in card(carded)
    told = record(carded, entries(results(), ATTACKS))
    assert bundle.load(carded.folder).manifest.robustness == entries(results(), ATTACKS) == told.manifest.robustness
    text = card(told)
    assert "| both | linf | 8/255 | float32 | test | 83.33% | 66.67% | " in text
    assert "- both: fgsm; pgd: steps 10, step None, random_start True, restarts 1.\n" in text
    command = "roadsight attack models/bundles/colours/1.0.0 --data DIR --attack both --norm linf --n 6 --split test"
    assert f"`{command} --precision float32 --epsilon 8/255 --epsilon 16/255`" in text
    assert text.index(HEADING) < text.index(BEFORE)


def test_an_attack_that_takes_no_parameters_is_not_told_twice(carded: bundle.Bundle) -> None:
    assert "- fgsm" not in card(record(carded, entries(results(attack="fgsm"), ATTACKS[:1])))


def test_what_the_card_said_before_stays_word_by_word(carded: bundle.Bundle) -> None:
    before = card(carded)
    text = card(record(carded, entries(results(), ATTACKS)))
    head, _, tail = before.partition(BEFORE)
    assert text.startswith(head)
    assert text.endswith(BEFORE + tail)


def test_recorded_twice_it_is_told_once(carded: bundle.Bundle) -> None:
    once = record(carded, entries(results(), ATTACKS))
    first = card(once)
    assert card(record(once, entries(results(), ATTACKS))) == first
    twice = record(once, entries(results(seed=7), ATTACKS))
    assert card(twice).count(HEADING) == 1
    assert "--seed 7" in card(twice)
    assert len(twice.manifest.robustness) == 2


def test_a_card_without_the_usual_sections_gets_it_at_its_end(carded: bundle.Bundle) -> None:
    manifest = carded.manifest.withstanding(entries(results(), ATTACKS))
    text = attacked.inserted("# mine\n\nOther words.\n", manifest)
    assert text.startswith(f"# mine\n\nOther words.\n\n{HEADING}\n")
    assert attacked.inserted(text, manifest) == text


def test_a_bundle_without_a_card_gets_none(tmp_path: Path) -> None:
    told = record(colour_gradient.save(tmp_path), entries(results(), ATTACKS))
    assert "card.md" not in told.manifest.files
    assert len(told.manifest.robustness) == 2
