import numpy as np
import pytest
import torch

from roadsight_models.frame import Pixels
from roadsight_training.datasets import Sample
from roadsight_training.judging import report_sheets
from roadsight_training.judging.answers import Answers
from roadsight_training.judging.insight import Filters
from roadsight_training.judging.mistakes import mistakes
from roadsight_training.networks import Network, build
from roadsight_training.recipe import Network as Options

LABELS = ("disc", "square", "ring")
COLOURS = ((250, 20, 20), (20, 250, 20), (20, 20, 250), (250, 250, 20))
GAP = 8


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(0)
    return build(Options(name="lenet5"), 3, (32, 32)).eval()


def frames() -> Pixels:
    return np.stack([np.full((32, 32, 3), colour, np.uint8) for colour in COLOURS])


def answers() -> Answers:
    """Right, wrong and sure, wrong and less sure, right."""
    given = np.array([(0.9, 0.1, 0), (0.8, 0.15, 0.05), (0.5, 0.1, 0.4), (0.2, 0.7, 0.1)])
    truth = (0, 1, 2, 1)
    return Answers(LABELS, tuple(Sample("", t, None, "train", "full", str(t), "", "") for t in truth), given)


def middle(sheet: Pixels, place: int, side: int) -> list[int]:
    colour: list[int] = sheet[GAP + side // 2, GAP + place * (side + GAP) + side // 2].tolist()
    return colour


def test_the_surest_mistake_comes_first_and_right_answers_do_not_come() -> None:
    sheet = report_sheets.errors_sheet(frames(), mistakes(answers()))
    assert sheet.shape[1] == GAP + 2 * (144 + GAP)
    assert [tuple(middle(sheet, place, 144)) for place in (0, 1)] == [COLOURS[1], COLOURS[2]]


def test_filters_are_not_blurred_when_they_are_enlarged() -> None:
    tiles = np.zeros((1, 2, 2, 3), np.uint8)
    tiles[0, 0, 0] = tiles[0, 1, 1] = 255
    sheet = report_sheets.filters_sheet(Filters(tiles, "filter"), LABELS)
    tile = sheet[GAP : GAP + 96, GAP : GAP + 96, 0]
    assert ((tile < 20) | (tile > 235)).mean() > 0.95


def test_maps_stand_beside_their_frame_row_by_row_however_few_they_are(network: Network) -> None:
    sheet = report_sheets.activations_sheet(network, frames()[:2], ["c1", "c3"])  # c1 has only six
    assert sheet.shape[1] == GAP + 9 * (96 + GAP)
    row = (sheet.shape[0] - GAP) // 4
    shown = [tuple(middle(sheet[place * row :], 0, 96)) for place in range(4)]
    assert shown == [COLOURS[0], COLOURS[0], COLOURS[1], COLOURS[1]]


def test_evidence_is_shown_for_the_guess_and_for_the_truth_or_the_runner_up(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def nowhere(_: Network, given: Pixels, classes: np.ndarray) -> np.ndarray:
        asked.append(classes.tolist())
        return np.zeros(given.shape[:3], np.float32)

    monkeypatch.setattr(report_sheets, "grad_cam", nowhere)
    sheet = report_sheets.grad_cam_sheet(network, frames(), answers(), [0, 1, 2])
    assert asked == [[0, 0, 0], [1, 1, 2]]  # runner-up of the right one; truth of the wrong ones
    assert tuple(middle(sheet, 0, 144)) == COLOURS[0]
    assert len(set(middle(sheet, 1, 144))) == 1


def test_a_picture_is_grey_without_evidence_and_glows_where_there_is_much() -> None:
    frame, evidence = frames()[0], np.zeros((32, 32), np.float32)
    evidence[:, 16:] = 1
    shown = report_sheets.heated(frame, evidence).astype(int)
    assert (shown[:, :16] == shown[:, :16, :1]).all()
    assert shown[:, 16:].mean() > shown[:, :16].mean() + 50
