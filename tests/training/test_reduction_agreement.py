"""A JPEG that is decoded smaller is answered alike, by the shipped models: held-out photographs as from near by, and
what is labelled in whole camera frames."""

import csv
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from conftest import ROOT
from pictures import jpeg
from roadsight_models import bundle as bundles
from roadsight_models.frame import Pixels, admit, decode
from roadsight_models.preprocess import cut, reduction
from roadsight_models.probabilities import softmax
from roadsight_models.regions import Box, Region
from roadsight_models.session import open_session
from roadsight_training.datasets import Dataset, Sample, open_dataset

PICTURES = 400
WIDTH, HEIGHT = 1917, 1075  # no multiples of anything
SAMPLING = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422)

Probabilities = npt.NDArray[np.float64]  # [N, K]


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
    factor = SAMPLING[int(random.integers(len(SAMPLING)))]
    return jpeg(frame, cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor), Box(x1, y1, x2, y2)


def held_out(dataset: Dataset) -> Iterator[tuple[bytes, Box]]:
    """Some held-out photographs, near by."""
    random, samples = np.random.default_rng(0), dataset.select("test")
    for row in random.choice(len(samples), PICTURES, replace=False):
        yield near_by(dataset, samples[row], random)


def labelled(folder: Path) -> Iterator[tuple[bytes, Box]]:
    """What is labelled in the frames."""
    with (folder / "boxes.csv").open() as file, zipfile.ZipFile(folder / "images.zip") as pictures:
        for row in csv.DictReader(file):
            yield pictures.read(row["path"]), Box(*(float(row[side]) for side in ("x1", "y1", "x2", "y2")))


def answers(name: str, asked: Iterable[tuple[bytes, Box]]) -> tuple[Probabilities, Probabilities]:
    """Of what may be decoded smaller: as answered from the whole decode, and from the smaller one."""
    bundle = bundles.load(bundles.latest(ROOT / "models" / "bundles")[name])
    session, rule = open_session(bundle, "cpu", precision="float32"), bundle.manifest.input
    said: dict[bool, list[Probabilities]] = {True: [], False: []}
    for body, box in asked:
        header, regions = admit(body), [Region(box)]
        by = reduction(header, regions, [rule])
        for whole, size in ((True, 1), (False, by)):
            crops = cut(decode(body, header, size), regions, rule).pixels
            if by > 1 and len(crops):
                said[whole].append(softmax(session.run(crops).logits, bundle.manifest.temperature))
    return np.concatenate(said[True]), np.concatenate(said[False])


@pytest.mark.data
@pytest.mark.parametrize(("name", "data"), [("traffic-sign", "gtsrb"), ("road-object", "road_objects")])
def test_answers_do_not_depend_on_how_large_the_frame_was_decoded(name: str, data: str, data_root: Path) -> None:
    labels = bundles.load(bundles.latest(ROOT / "models" / "bundles")[name]).manifest.labels
    one, other = answers(name, held_out(open_dataset(data_root / data).known_as(labels)))
    assert len(one) >= PICTURES / 2
    assert (one.argmax(axis=1) == other.argmax(axis=1)).mean() >= 0.995
    assert np.abs(one - other).max(axis=1).mean() <= 0.005


@pytest.mark.data
def test_nor_do_those_to_what_is_labelled_in_camera_frames(data_root: Path) -> None:
    one, other = answers("road-object", labelled(data_root / "frames"))
    assert len(one) >= 10
    assert (one.argmax(axis=1) == other.argmax(axis=1)).mean() >= 0.995
    assert np.abs(one - other).mean() <= 0.005
