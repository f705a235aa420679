from roadsight_models.manifest import Metric, Precision
from roadsight_training.card import write_card
from roadsight_training.judging.evaluation import measure
from training.judging.drawn import MANIFEST, logits, sample


def test_the_card_says_what_other_precisions_and_splits_bring() -> None:
    half = Precision(
        name="float16", file="h.onnx", size=7_100_000, top1=0.9912, latency_ratio=None, golden_tolerance=0.1
    )
    quarter = half.model_copy(update={"name": "int8", "size": 4_000_000, "latency_ratio": 0.46})
    shifted = Metric(name="mean_recall", split="test_shift", value=0.85, interval=None, n=9)
    report = measure(logits((0.7, 0.1, 0.1, 0.1)), [sample(0)], MANIFEST)
    manifest = MANIFEST.model_copy(update={"precisions": (half, quarter), "metrics": (shifted,)})
    card = write_card(manifest, report, "test")
    assert "| float16 | 99.12% | 7.1 | not measured |\n| int8 | 99.12% | 4.0 | 0.46 |" in card
    assert "| `test_shift` | mean_recall | 0.8500 | 9 |" in card
    plain = write_card(MANIFEST, report, "test")
    assert "Other precisions" not in plain
    assert "Elsewhere" not in plain


def test_the_card_names_every_class_that_was_seen_and_the_sizes_that_fail() -> None:
    given = logits((0.7, 0.1, 0.1, 0.1), (0.1, 0.7, 0.1, 0.1), (0.1, 0.7, 0.1, 0.1))
    samples = [sample(0, side=70), sample(0, side=12), sample(1, side=70)]
    card = write_card(MANIFEST, measure(given, samples, MANIFEST), "test")
    assert "| a | 50.00% | 100.00% | 2 |\n| b | 100.00% | 50.00% | 1 |\n\n" in card
    assert "misses most: a, b." in card
    assert "| c |" not in card  # the split has none
    assert "| <16 | 0.00% | 1 |\n| >=64 | 100.00% | 2 |" in card
