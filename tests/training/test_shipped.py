"""The bundles that the repository ships, on the real held-out images."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from roadsight_models import bundle as bundles
from roadsight_models.bundle import Bundle
from roadsight_models.precision import choose
from roadsight_models.session import open_session
from roadsight_training.datasets import open_dataset
from roadsight_training.judging.evaluation import evaluate
from roadsight_training.judging.figures import Report

BUNDLES = Path(__file__).parents[2] / "models" / "bundles"


@dataclass(frozen=True)
class Shipped:
    """A bundle, the data that it is published on, and the images in each split that it was measured on."""

    name: str
    data: str
    images: dict[str, int]
    min_support: int
    lowest_recall: float  # of a class, on `test`
    precisions: frozenset[str] = frozenset({"float16", "int8"})  # beside float32

    def load(self) -> Bundle:
        return bundles.load(bundles.latest(BUNDLES)[self.name])


SIGNS = Shipped("traffic-sign", "gtsrb", {"test": 12569}, min_support=1, lowest_recall=0.97)
OBJECTS = Shipped(
    "road-object", "road_objects", {"test": 1044, "test_shift": 1824}, min_support=100, lowest_recall=0.87
)
ROBUST = Shipped("traffic-sign-robust", "gtsrb", {"test": 12569}, 1, 0.8, frozenset({"float16"}))
each_shipped = pytest.mark.parametrize("shipped", [SIGNS, OBJECTS, ROBUST], ids=lambda shipped: shipped.name)


def published(bundle: Bundle, split: str) -> dict[str, float]:
    return {metric.name: metric.value for metric in bundle.manifest.metrics if metric.split == split}


def again(shipped: Shipped, split: str, data_root: Path) -> Report:
    bundle = shipped.load()
    dataset = open_dataset(data_root / shipped.data).known_as(bundle.manifest.labels)
    session = open_session(bundle, threads=2, precision="float32")
    return evaluate(session, bundle.manifest, dataset, split, min_support=shipped.min_support)


@each_shipped
def test_a_shipped_bundle_was_measured_on_every_held_out_image(shipped: Shipped) -> None:
    metrics = [metric for metric in shipped.load().manifest.metrics if metric.name == "top1"]
    assert {metric.split: metric.n for metric in metrics} == shipped.images
    assert all(metric.interval is not None for metric in metrics)


@each_shipped
def test_a_shipped_bundle_is_small_and_loses_little_in_other_precisions(shipped: Shipped) -> None:
    bundle = shipped.load()
    assert sum(path.stat().st_size for path in bundle.folder.iterdir()) < 50e6
    whole = published(bundle, "test")["top1"]
    precisions = {one.name: one for one in bundle.manifest.precisions}
    assert set(precisions) == shipped.precisions
    assert all(whole - one.top1 <= 0.003 for one in precisions.values())
    ratios = [one.latency_ratio for name, one in precisions.items() if name == "int8"]
    assert all(ratio is not None and ratio < 1 for ratio in ratios)
    assert choose(bundle.manifest, "cuda").precision == "float16"


@pytest.mark.data
@pytest.mark.parametrize(
    ("shipped", "split"), [(shipped, split) for shipped in (SIGNS, OBJECTS, ROBUST) for split in shipped.images]
)
def test_every_held_out_image_again_gives_the_published_figures(shipped: Shipped, split: str, data_root: Path) -> None:
    report, said = again(shipped, split, data_root), published(shipped.load(), split)
    one_image = 1 / report.n
    if split == "test":
        assert min(one.recall.value for one in report.per_class.values()) >= shipped.lowest_recall
    assert report.n == shipped.images[split]
    assert report.top1.value == pytest.approx(said["top1"], abs=one_image + 1e-9)
    # An image more or less moves a class's recall by 1/n of that class, and so the mean by less than this.
    assert report.macro_f1 == pytest.approx(said["macro_f1"], abs=2e-3)
    assert report.mean_recall == pytest.approx(said["mean_recall"], abs=2e-3)
    assert report.ece == pytest.approx(said["ece"], abs=2e-3)


def test_the_sign_classifier_is_as_good_as_the_best_and_misses_no_class() -> None:
    assert published(SIGNS.load(), "test")["top1"] >= 0.996


def test_the_object_classifier_is_good_on_its_cameras_and_holds_on_others() -> None:
    bundle = OBJECTS.load()
    assert published(bundle, "test")["macro_f1"] >= 0.94
    assert published(bundle, "test_shift")["mean_recall"] >= 0.85


def test_weights_that_kitti_had_a_part_in_are_not_for_commerce() -> None:
    assert "CC BY-NC-SA" in OBJECTS.load().manifest.licence
