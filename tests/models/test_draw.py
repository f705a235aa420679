import json
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from roadsight_models import cli, frame, regions
from roadsight_models.draw import encode
from roadsight_models.scene import DRAWABLE, draw


def run(*arguments: object) -> Result:
    app = cli.build([EntryPoint("draw", "roadsight_models.draw:draw", cli.GROUP)])
    return CliRunner().invoke(app, ["draw", *map(str, arguments)])


def test_what_is_printed_can_be_posted(tmp_path: Path) -> None:
    result = run(tmp_path / "road.jpg", "--seed", 5, "--signs", 4)
    assert result.exit_code == 0
    boxes, labels = result.output.splitlines()
    picture = frame.decode((tmp_path / "road.jpg").read_bytes())
    assert (picture.width, picture.height) == (1280, 720)
    parsed = regions.parse(boxes)
    assert regions.within(parsed, picture.width, picture.height) == parsed
    assert len(parsed) == len(labels.split()) == 4
    assert set(labels.split()) <= set(DRAWABLE)
    scene = draw(5, signs=4, side=(40, 96))
    assert [tuple(region.box) for region in parsed] == [sign.box for sign in scene.signs]


def test_the_same_seed_writes_the_same_file_and_another_one_another(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        run(tmp_path / name, "--seed", seed)
    one, same, other = ((tmp_path / name).read_bytes() for name in ("one", "same", "other"))
    assert one == same != other


def test_only_the_labels_asked_for_are_drawn(tmp_path: Path) -> None:
    result = run(tmp_path / "road.jpg", "--label", "stop", "--label", "yield", "--signs", 6)
    assert set(result.output.splitlines()[1].split()) <= {"stop", "yield"}


def test_a_road_without_signs_has_no_boxes(tmp_path: Path) -> None:
    assert json.loads(run(tmp_path / "road.jpg", "--signs", 0).output.splitlines()[0]) == []


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--label", "halt"), "no drawing for label 'halt'"),
        (("--signs", 9999), "too small for 9999 signs"),
        (("--signs", -1), "-1 signs"),
        (("--seed", -1), "negative"),
        (("--seed", "x"), "Invalid value for '--seed'"),
    ],
)
def test_what_can_not_be_drawn_is_the_user_s_fault_and_writes_nothing(
    tmp_path: Path, options: tuple[object, ...], complaint: str
) -> None:
    result = run(tmp_path / "road.jpg", *options)
    assert result.exit_code == 2
    assert complaint in " ".join(result.output.split())
    assert not list(tmp_path.iterdir())


def test_a_path_that_can_not_be_written_is_the_user_s_fault(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "no" / "road.jpg", "No such file"), (tmp_path, "Is a directory")):
        result = run(path)
        assert result.exit_code == 2
        assert why in " ".join(result.output.split())


def test_the_jpeg_shows_the_scene() -> None:
    scene = draw(3, 320, 240, 1)
    for quality, error in ((60, 8), (92, 4)):
        decoded = frame.decode(encode(scene, quality)).pixels
        assert np.abs(decoded.astype(int) - scene.pixels).mean() < error
    assert len(encode(scene, 60)) < len(encode(scene, 92))
