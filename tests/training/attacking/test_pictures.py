import base64

import numpy as np

import colours
from roadsight_training.attacking.figures import figures
from roadsight_training.attacking.pictures import SHOWN, curve_plot, examples_sheet
from roadsight_training.attacking.results import Results
from roadsight_training.judging.plots import encode
from training.attacking.made_up import EIGHT, RUN, SIXTEEN, journal


def png(level: int) -> str:
    return base64.b64encode(encode(np.full((16, 16, 3), level, np.uint8))).decode()


def example(truth: int, guess: int, epsilon: float = EIGHT) -> dict[str, object]:
    return {"epsilon": epsilon, "truth": truth, "guess": guess, "clean": png(100), "adversarial": png(108)}


def results(*examples: dict[str, object]) -> Results:
    made = journal()
    made.done[0]["examples"] = list(examples)
    made.header = {**made.header, **RUN}
    return Results.read(made)


def test_the_curve_begins_with_the_clean_pictures_and_has_a_point_an_epsilon() -> None:
    (axes,) = curve_plot(figures(results(), colours.LABELS, None, [])).axes
    line = np.asarray(axes.get_lines()[0].get_xydata())
    np.testing.assert_allclose(line, [[0, 5 / 6], [EIGHT, 4 / 6], [SIXTEEN, 1 / 6]])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "8/255", "16/255"]
    assert "upper bound" in axes.get_ylabel()


def test_examples_are_triples_one_of_each_class() -> None:
    sheet = examples_sheet(results(example(1, 0), example(0, 1), example(0, 2)), colours.LABELS)
    one = examples_sheet(results(example(0, 1)), colours.LABELS)
    assert sheet is not None and one is not None
    assert sheet.shape[0] == one.shape[0]  # two triples stand side by side
    assert sheet.shape[1] > 1.9 * one.shape[1]


def test_no_more_are_shown_than_fit() -> None:
    labels = [f"class {index}" for index in range(40)]
    few = examples_sheet(results(*(example(index, 0) for index in range(1, SHOWN + 1))), labels)
    many = examples_sheet(results(*(example(index, 0) for index in range(1, 40))), labels)
    assert few is not None and many is not None
    assert many.shape == few.shape


def test_nothing_broken_is_no_sheet() -> None:
    assert examples_sheet(results(), colours.LABELS) is None
