"""`roadsight attack --attack substitute`: what it asks, and that where it was stopped makes no difference."""

from pathlib import Path

import cv2
import pytest

import colours
from roadsight_models.bundle import Bundle
from roadsight_training.attacking.asked import Asked
from roadsight_training.attacking.journal import RESULTS, SECONDS
from roadsight_training.attacking.run import run
from roadsight_training.errors import BadDataset, BadRun
from roadsight_training.substitute import Substitute
from training.attacking.painted import called
from training.larger import save, tinted

ASKED = Asked("substitute", "linf", (12 / 255,), 45, "test", "float32", 0, None, None)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return save(tmp_path_factory.mktemp("bundles"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for split, count, seed in (("train", 60, 1), ("test", 45, 2)):
        for number, (frame, label) in enumerate(zip(*tinted(count, seed), strict=True)):
            place = folder / split / colours.LABELS[label]
            place.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(place / f"{number}.png"), frame[..., ::-1])
    return folder


def attack(**options: int) -> Substitute:
    return Substitute(tinted(50, 1)[0], **options)


def test_the_page_says_what_it_fooled_what_it_had_and_what_it_asked(bundle: Bundle, data: Path, tmp_path: Path) -> None:
    found, _ = run(bundle, data, ASKED, [attack(queries=400)], tmp_path)
    assert found["curve"][0]["robust"] < 0.2
    assert found["run"]["attacks"][0]["parameters"]["own"].startswith("50 pictures, SHA-256 ")
    assert found["curve"][0]["spent"] == found["curve"][0]["spent"] | {"steps": 0, "queries": 2}  # to verify
    page = (tmp_path / "report.html").read_text()
    assert "The attacker's own pictures are of the training split, of no track that is attacked." in page
    assert "The 400 questions that he asked to teach his network" in page
    with pytest.raises(BadRun, match="was begun with other settings"):
        run(bundle, data, ASKED, [Substitute(tinted(50, 3)[0], queries=400)], tmp_path)


def test_the_command_takes_his_pictures_from_where_nothing_is_attacked(
    bundle: Bundle, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadDataset, match="no pictures are left for the attacker"):
        called(bundle.folder, "--data", data, "--attack", "substitute", "--split", "train", "--out", tmp_path)


def test_a_run_that_was_stopped_is_the_run_that_was_not(bundle: Bundle, data: Path, tmp_path: Path) -> None:
    run(bundle, data, ASKED, [attack(queries=60, epochs=1)], tmp_path / "whole")
    whole = {name: (tmp_path / "whole" / name).read_bytes().splitlines(keepends=True) for name in (RESULTS, SECONDS)}
    assert len(whole[RESULTS]) == 4  # a header and three chunks
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / RESULTS).write_bytes(b"".join(whole[RESULTS][:2]))
    (tmp_path / "torn" / SECONDS).write_bytes(whole[SECONDS][0])
    run(bundle, data, ASKED, [attack(queries=60, epochs=1)], tmp_path / "torn")
    assert (tmp_path / "torn" / RESULTS).read_bytes() == b"".join(whole[RESULTS])
