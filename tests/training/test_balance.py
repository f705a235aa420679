from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsight_training.datasets import Sample
from roadsight_training.datasets.balance import By, balance_weights, label_weights


def sample(index: int, source: str) -> Sample:
    return Sample("x.png", index, None, "train", "full", "x", "x", source)


def test_one_rare_picture_counts_as_much_as_three_others() -> None:
    samples = [sample(0, "a"), sample(0, "b"), sample(0, "b"), sample(1, "b")]
    assert balance_weights(samples, "class") == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])
    assert balance_weights(samples, "source") == pytest.approx([2, 2 / 3, 2 / 3, 2 / 3])
    assert balance_weights(samples, "class_and_source") == pytest.approx([4 / 3, 2 / 3, 2 / 3, 4 / 3])


def test_what_is_mirrored_counts_as_what_it_then_is() -> None:
    samples = [sample(0, "a"), sample(0, "b"), sample(0, "b"), sample(1, "b")]
    assert label_weights(samples, "class", 3).tolist() == [
        [pytest.approx(w) for w in row]
        for row in ((2 / 3, 2, 2 / 3), (2 / 3, 2, 2 / 3), (2 / 3, 2, 2 / 3), (2 / 3, 2, 2))
    ]
    by_both = label_weights(samples, "class_and_source", 2)
    assert by_both.tolist() == [
        [pytest.approx(4 / 3), pytest.approx(4 / 3)],  # source a has no class 1: as it is
        [pytest.approx(2 / 3), pytest.approx(4 / 3)],
        [pytest.approx(2 / 3), pytest.approx(4 / 3)],
        [pytest.approx(2 / 3), pytest.approx(4 / 3)],
    ]
    assert label_weights(samples, "source", 2)[:, 1] == pytest.approx(balance_weights(samples, "source"))


@given(
    pairs=st.lists(st.tuples(st.integers(0, 11), st.sampled_from(["a", "1 a", ""])), min_size=1, max_size=40),
    by=st.sampled_from(["class", "source", "class_and_source"]),
)
def test_all_have_the_same_total_and_the_mean_is_one(pairs: list[tuple[int, str]], by: By) -> None:
    samples = [sample(index, source) for index, source in pairs]
    weights = balance_weights(samples, by)
    assert weights.mean() == pytest.approx(1)
    totals: dict[object, float] = defaultdict(float)
    for one, weight in zip(samples, weights, strict=True):
        key = {"class": one.index, "source": one.source, "class_and_source": (one.index, one.source)}[by]
        totals[key] += weight
    assert list(totals.values()) == pytest.approx([len(samples) / len(totals)] * len(totals))
