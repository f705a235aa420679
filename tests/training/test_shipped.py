"""The bundle that the repository ships, on the real held-out images."""

from pathlib import Path

import pytest

from roadsight_models import bundle as bundles
from roadsight_models.session import open_session
from roadsight_training.datasets import open_dataset
from roadsight_training.datasets.pictures import crops
from roadsight_training.evaluation import infer, measure

BUNDLES = Path(__file__).parents[2] / "models" / "bundles"
STEP = 10  # every tenth image is enough to tell a broken bundle from the published one


def test_the_shipped_bundle_was_measured_on_every_held_out_image() -> None:
    manifest = bundles.load(bundles.latest(BUNDLES)["traffic-sign"]).manifest
    (top1,) = (metric for metric in manifest.metrics if metric.name == "top1")
    assert (top1.split, top1.n) == ("test", 12569)
    assert top1.value >= 0.99
    assert top1.interval is not None


@pytest.mark.data
def test_the_shipped_bundle_reads_real_signs_as_published(data_root: Path) -> None:
    bundle = bundles.load(bundles.latest(BUNDLES)["traffic-sign"])
    dataset = open_dataset(data_root / "gtsrb", bundle.manifest.labels)
    samples = dataset.select("test")[::STEP]
    logits = infer(open_session(bundle), crops(dataset, samples, bundle.manifest.input))
    assert measure(logits, samples, bundle.manifest).top1.value >= 0.985
