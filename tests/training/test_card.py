from pathlib import Path

import yaml

from roadsight_models.manifest import Manifest, Metric, Precision
from roadsight_models.robustness.corruptions import CORRUPTIONS
from roadsight_training.card import Measured, card_files
from roadsight_training.judging.evaluation import measure
from roadsight_training.judging.intervals import Proportion
from roadsight_training.judging.stress import Stressed
from training.judging import drawn
from training.judging.drawn import logits, sample
from training.tiny import asked, recipe

RECIPE = drawn.MANIFEST.provenance.model_copy(update={"recipe": yaml.safe_dump(asked())})
MANIFEST = drawn.MANIFEST.model_copy(update={"provenance": RECIPE})

REPORT = measure(logits((0.7, 0.1, 0.1, 0.1)), [sample(0)], MANIFEST)


def card(manifest: Manifest, measured: Measured) -> str:
    return card_files(manifest, measured)["card.md"].decode()


def test_the_card_says_what_other_precisions_bring() -> None:
    half = Precision(
        name="float16", file="h.onnx", size=7_100_000, top1=0.9912, latency_ratio=None, golden_tolerance=0.1
    )
    quarter = half.model_copy(update={"name": "int8", "size": 4_000_000, "latency_ratio": 0.46})
    told = card(MANIFEST.model_copy(update={"precisions": (half, quarter)}), Measured({"test": REPORT}))
    assert "| float16 | 99.12% | 7.1 | not measured |\n| int8 | 99.12% | 4.0 | 0.46 |" in told
    assert "Other precisions" not in card(MANIFEST, Measured({"test": REPORT}))


def test_the_card_says_how_it_does_on_other_cameras_by_source_and_class() -> None:
    shifted = Metric(name="mean_recall", split="test_shift", value=0.85, interval=None, n=3)
    given = logits((0.7, 0.1, 0.1, 0.1), (0.7, 0.1, 0.1, 0.1), (0.1, 0.7, 0.1, 0.1))
    elsewhere = measure(given, [sample(0, source="x"), sample(1, source="y"), sample(1, source="y")], MANIFEST)
    manifest = MANIFEST.model_copy(update={"metrics": (shifted,)})
    told = card(manifest, Measured({"test": REPORT, "test_shift": elsewhere}))
    assert "## Elsewhere: `test_shift`" in told
    assert "--data DIR --split test_shift`" in told
    assert "| mean_recall | 0.8500 |  | 3 |" in told
    assert "| x | a | 100.00% | 20.65% to 100.00% | 1 |\n| y | b | 50.00% |" in told
    assert "| b | a | 1 |" in told  # the one mistake
    assert "Elsewhere" not in card(MANIFEST, Measured({"test": REPORT}))


def test_the_card_names_every_class_that_was_seen_and_the_sizes_that_fail() -> None:
    given = logits((0.7, 0.1, 0.1, 0.1), (0.1, 0.7, 0.1, 0.1), (0.1, 0.7, 0.1, 0.1))
    samples = [sample(0, side=70), sample(0, side=12), sample(1, side=70)]
    told = card(MANIFEST, Measured({"test": measure(given, samples, MANIFEST)}, notes="- Snow on the sign."))
    assert "| a | 50.00% | 9.45% to 90.55% | 100.00% | 2 |\n| b | 100.00% | 20.65% to 100.00% | 50.00% | 1 |" in told
    assert "misses most: a, b.\n" in told
    assert "\n- Snow on the sign.\n" in told
    assert "| c |" not in told  # the split has none
    assert "| <16 | 0.00% |" in told


def test_the_card_shows_what_it_can_stand_and_which_of_it_was_trained_for(tmp_path: Path) -> None:
    text = recipe(tmp_path / "r.yaml", augment={"jpeg": 0.2, "noise": 0}).read_text()
    provenance = MANIFEST.provenance.model_copy(update={"recipe": text})
    share, clean = Proportion(3, 4), Proportion(4, 4)
    found = [Stressed(name, level, "severity", share, clean) for name in CORRUPTIONS for level in (1, 2, 3, 4, 5)]
    loose = [Stressed("margin", 0.2, "of the box's sides", share, clean)]
    stressed = {"test": found, "validation": loose}
    told = card(MANIFEST.model_copy(update={"provenance": provenance}), Measured({"test": REPORT}, stressed))
    assert "| validation | margin | 0.2 of the box's sides | 75.00% | 100.00% | 4 |" in told
    assert "| jpeg_compression | 75.0% | 75.0% | 75.0% | 75.0% | 75.0% | 75.0% | yes |" in told
    assert "| shot_noise | 75.0% | 75.0% | 75.0% | 75.0% | 75.0% | 75.0% |  |" in told
    assert "--data DIR --split test --images 4`" in told
    assert "--data DIR --split validation --images 4 --only margin`" in told


def test_the_card_comes_with_a_plot_of_its_calibration() -> None:
    files = card_files(MANIFEST, Measured({"test": REPORT}))
    assert files["reliability.png"].startswith(b"\x89PNG")
    assert b"(reliability.png)" in files["card.md"]
