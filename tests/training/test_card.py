from roadsight_training.card import write_card
from roadsight_training.judging.evaluation import measure
from training.judging.drawn import MANIFEST, logits, sample


def test_the_card_names_the_weakest_classes_that_were_seen_and_the_sizes_that_fail() -> None:
    given = logits((0.7, 0.1, 0.1, 0.1), (0.1, 0.7, 0.1, 0.1), (0.1, 0.7, 0.1, 0.1))
    samples = [sample(0, side=70), sample(0, side=12), sample(1, side=70)]
    card = write_card(MANIFEST, measure(given, samples, MANIFEST), "test")
    assert "| a | 50.00% | 2 |\n| b | 100.00% | 1 |\n\n" in card
    assert "| c |" not in card  # the split has none
    assert "| <16 | 0.00% | 1 |\n| >=64 | 100.00% | 2 |" in card
