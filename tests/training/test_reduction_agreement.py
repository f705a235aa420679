"""A JPEG that is decoded smaller is answered alike: held-out photographs as from near by, the shipped models."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from conftest import ROOT
from pictures import encoded
from roadsight_models import bundle as bundles
from roadsight_models.frame import Pixels, admit, decode
from roadsight_models.preprocess import cut, reduction
from roadsight_models.probabilities import softmax
from roadsight_models.regions import Box, Region
from roadsight_models.session import open_session
from roadsight_training.datasets import Dataset, Sample, open_dataset

PICTURES = 400
WIDTH, HEIGHT = 1920, 1080


def near_by(dataset: Dataset, sample: Sample, random: np.random.Generator) -> tuple[bytes, Box]:
    """A photograph enlarged by any factor and put anywhere in a frame, and where its object is then."""
    picture, box = decode(dataset.read(sample)).pixels, sample.box
    assert box is not None
    by = random.uniform(0.7, 0.95) * HEIGHT / max(picture.shape[:2])
    large = cv2.resize(picture, None, fx=by, fy=by, interpolation=cv2.INTER_CUBIC)
    x, y = (int(random.integers(0, room - side)) for room, side in ((WIDTH, large.shape[1]), (HEIGHT, large.shape[0])))
    frame: Pixels = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    frame[y : y + large.shape[0], x : x + large.shape[1]] = large
    jitter = random.uniform(-1, 1, 4)  # no detector's boxes lie on whole pixels
    x1, y1, x2, y2 = (place + by * side + moved for place, side, moved in zip((x, y, x, y), box, jitter, strict=True))
    return encoded(frame, ".jpg", 90), Box(x1, y1, x2, y2)


@pytest.mark.data
@pytest.mark.parametrize(("name", "data"), [("traffic-sign", "gtsrb"), ("road-object", "road_objects")])
def test_answers_do_not_depend_on_how_large_the_frame_was_decoded(name: str, data: str, data_root: Path) -> None:
    bundle = bundles.load(bundles.latest(ROOT / "models" / "bundles")[name])
    session, rule = open_session(bundle, "cpu", precision="float32"), bundle.manifest.input
    dataset, random = open_dataset(data_root / data).known_as(bundle.manifest.labels), np.random.default_rng(0)
    held_out = dataset.select("test")
    whole, smaller = [], []
    for row in random.choice(len(held_out), PICTURES, replace=False):
        body, box = near_by(dataset, held_out[row], random)
        header = admit(body)
        by = reduction(header, [Region(box)], [rule])
        if by == 1:
            continue
        for said, size in ((whole, 1), (smaller, by)):
            crops = cut(decode(body, header, size), [Region(box)], rule)
            said.append(softmax(session.run(crops.pixels).logits, bundle.manifest.temperature))
    one, other = np.concatenate(whole), np.concatenate(smaller)
    assert len(one) >= PICTURES / 2
    assert (one.argmax(axis=1) == other.argmax(axis=1)).mean() >= 0.995
    assert np.abs(one - other).max(axis=1).mean() <= 0.005
