"""A JPEG that is decoded smaller is answered alike: real frames, the shipped models."""

import csv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT
from roadsight_models import bundle as bundles
from roadsight_models.frame import admit, decode
from roadsight_models.headers import Header
from roadsight_models.manifest import CropRule
from roadsight_models.preprocess import ENOUGH, cut, reduction
from roadsight_models.probabilities import softmax
from roadsight_models.regions import Box, Region
from roadsight_models.session import open_session

WINDOWS = 12  # a frame
SHIPPED = bundles.latest(ROOT / "models" / "bundles")


def windows(header: Header, rule: CropRule, seed: int) -> list[Region]:
    """Boxes anywhere in a frame, all large enough for it to be decoded smaller."""
    random, found = np.random.default_rng(seed), []
    least = 2 * ENOUGH * max(rule.width, rule.height) / (1 + 2 * rule.context)
    most = min(header.width, header.height)
    while least < most and len(found) < WINDOWS:
        side = random.uniform(least, most)
        x, y = random.uniform(0, header.width - side), random.uniform(0, header.height - side)
        box = Region(Box(x, y, x + side, y + side))
        if reduction(header, [box], [rule]) > 1:
            found.append(box)
    return found


def frames(root: Path) -> Iterator[bytes]:
    with (root / "frames" / "frames.csv").open() as file, zipfile.ZipFile(root / "frames" / "images.zip") as pictures:
        for row in csv.DictReader(file):
            yield pictures.read(row["path"])


@pytest.mark.data
@pytest.mark.parametrize("name", SHIPPED)
def test_answers_do_not_depend_on_how_large_the_frame_was_decoded(name: str, data_root: Path) -> None:
    session = open_session(bundles.load(SHIPPED[name]), "cpu", precision="float32")
    rule, temperature = session.manifest.input, session.manifest.temperature
    whole, smaller = [], []
    for seed, body in enumerate(frames(data_root)):
        header = admit(body)
        regions = windows(header, rule, seed)
        if not regions:
            continue
        for said, by in ((whole, 1), (smaller, reduction(header, regions, [rule]))):
            crops = cut(decode(body, header, by), regions, rule)
            said.append(softmax(session.run(crops.pixels).logits, temperature))
    one, other = np.concatenate(whole), np.concatenate(smaller)
    agree, differ = (one.argmax(1) == other.argmax(1)).mean(), np.abs(one - other).mean()
    print(name, len(one), agree, differ, np.abs(one - other).max(1).mean())
    assert len(one) > 500
    assert agree >= 0.995
    assert differ <= 0.005
