import pytest

from roadsight_models.regions import Box
from roadsight_training.datasets import Sample
from roadsight_training.judging.answers import Answers
from roadsight_training.judging.groups import GroupFigures, by_kind, by_size, by_source
from roadsight_training.judging.intervals import Proportion
from training.judging.drawn import TWO, one_sign, sample


def read(samples: list[Sample], *scores: float) -> Answers:
    return Answers.read(one_sign(*scores), samples, TWO)


def test_a_source_of_one_class_can_not_hide_behind_the_others() -> None:
    samples = [sample(i, source=source) for i, source in ((0, "kitti"), (0, "kitti"), (1, "kitti"), (1, "carla"))]
    given = read(samples, 0.1, 0.1, 0.9, 0.2)
    recalls = {"carla": {"sign": Proportion(0, 1)}, "kitti": {"other": Proportion(2, 2), "sign": Proportion(1, 1)}}
    assert by_source(given, min_support=1) == {
        "carla": GroupFigures(Proportion(0, 1), 0.0, 1, recalls["carla"]),
        "kitti": GroupFigures(Proportion(3, 3), 1.0, 2, recalls["kitti"]),
    }
    assert by_source(given, min_support=2) == {
        "carla": GroupFigures(Proportion(0, 1), None, 0, recalls["carla"]),
        "kitti": GroupFigures(Proportion(3, 3), 1.0, 1, recalls["kitti"]),
    }
    assert by_source(given, 1)["carla"].plain()["per_class"] == {"sign": Proportion(0, 1).plain("recall")}


def test_stored_kinds_are_judged_apart() -> None:
    parts = by_kind(read([sample(1, "roi"), sample(1, "full32")], 0.9, 0.1), min_support=1)
    assert {kind: part.top1 for kind, part in parts.items()} == {"full32": Proportion(0, 1), "roi": Proportion(1, 1)}


@pytest.mark.parametrize(
    ("side", "bucket"),
    [(15.9, "<16"), (16, "16-24"), (24, "24-32"), (47.9, "32-48"), (48, "48-64"), (64, ">=64"), (900, ">=64")],
)
def test_a_size_is_the_shorter_side_and_a_bucket_has_its_lower_end(side: float, bucket: str) -> None:
    assert list(by_size(read([sample(1, side=side)], 0.9), 1)) == [bucket]


def test_the_size_is_that_of_the_picture_as_taken_where_it_is_known() -> None:
    reduced = Box(0, 0, 20, 30)
    samples = [sample(1, side=70, box=reduced), sample(1, box=reduced), sample(1), sample(0, side=18)]
    parts = by_size(read(samples, 0.9, 0.9, 0.1, 0.9), min_support=1)
    assert list(parts) == ["16-24", ">=64"]  # small to large; the third has no known size
    assert parts["16-24"].top1 == Proportion(1, 2)
    assert parts["16-24"].mean_recall == 0.5
