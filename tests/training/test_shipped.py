"""The bundle that the repository ships, on the real held-out images."""

from pathlib import Path

import pytest

from roadsight_models import bundle as bundles
from roadsight_models.precision import choose
from roadsight_models.session import open_session
from roadsight_training.datasets import open_dataset
from roadsight_training.judging.evaluation import evaluate

BUNDLES = Path(__file__).parents[2] / "models" / "bundles"


def test_the_shipped_bundle_was_measured_on_every_held_out_image() -> None:
    manifest = bundles.load(bundles.latest(BUNDLES)["traffic-sign"]).manifest
    (top1,) = (metric for metric in manifest.metrics if metric.name == "top1")
    assert (top1.split, top1.n) == ("test", 12569)
    assert top1.value >= 0.996
    assert top1.interval is not None


def test_the_shipped_bundle_is_small_and_comes_in_every_precision() -> None:
    bundle = bundles.load(bundles.latest(BUNDLES)["traffic-sign"])
    assert sum(path.stat().st_size for path in bundle.folder.iterdir()) < 50e6
    (whole,) = (metric.value for metric in bundle.manifest.metrics if metric.name == "top1")
    precisions = {one.name: one for one in bundle.manifest.precisions}
    assert set(precisions) == {"float16", "int8"}
    assert all(whole - one.top1 <= 0.003 for one in precisions.values())
    ratio = precisions["int8"].latency_ratio
    assert ratio is not None and ratio < 1
    assert choose(bundle.manifest, "cuda").precision == "float16"


@pytest.mark.data
def test_every_held_out_image_again_gives_the_published_figures(data_root: Path) -> None:
    bundle = bundles.load(bundles.latest(BUNDLES)["traffic-sign"])
    dataset = open_dataset(data_root / "gtsrb").known_as(bundle.manifest.labels)
    report = evaluate(open_session(bundle, threads=2, precision="float32"), bundle.manifest, dataset, "test")
    published = {metric.name: metric.value for metric in bundle.manifest.metrics}
    one_image = 1 / report.n
    assert report.top1.value >= 0.996
    assert min(one.recall.value for one in report.per_class.values()) >= 0.97
    assert report.top1.value == pytest.approx(published["top1"], abs=one_image + 1e-9)
    assert report.macro_f1 == pytest.approx(published["macro_f1"], abs=1e-3)
    assert report.mean_recall == pytest.approx(published["mean_recall"], abs=1e-3)
    assert report.ece == pytest.approx(published["ece"], abs=1e-3)
