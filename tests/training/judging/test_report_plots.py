import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from roadsight_training.datasets import Sample
from roadsight_training.judging import report_plots
from roadsight_training.judging.answers import Reading
from roadsight_training.judging.evaluation import measure
from roadsight_training.judging.figures import Report
from roadsight_training.judging.history import Curve, History
from roadsight_training.judging.plots import encode

CLASSES = 43


@pytest.fixture(scope="module")
def report() -> Report:
    """Of 43 classes and a network that is right most of the time."""
    rng = np.random.default_rng(0)
    truth = np.arange(1000) % CLASSES
    logits = rng.normal(0, 1, (1000, CLASSES)).astype(np.float32)
    logits[np.arange(1000), truth] += 4
    samples = [Sample(f"{i}", int(t), None, "train", "full", f"{i}", f"{i // 5}", "drawn") for i, t in enumerate(truth)]
    return measure(logits, samples, Reading(tuple(f"class_{k}" for k in range(CLASSES))))


def areas(figure: Figure) -> dict[str, float]:
    """The area under each line that the legend names."""
    (axes,) = figure.axes
    lines = {str(line.get_label()): np.asarray(line.get_xydata()) for line in axes.get_lines()}
    return {label: abs(float(np.trapezoid(*line.T[::-1]))) for label, line in lines.items() if "area" in label}


def test_all_43_classes_are_named_and_every_count_is_written(report: Report) -> None:
    figure = report_plots.confusion_plot(report)
    (axes,) = figure.axes
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert tuple(label.get_text() for label in labels) == report.labels
    written = {(int(text.get_position()[1]), int(text.get_position()[0])): int(text.get_text()) for text in axes.texts}
    assert written == {
        (int(row), int(column)): report.confusion[row, column] for row, column in np.argwhere(report.confusion)
    }


@pytest.mark.parametrize("kind", ["roc", "precision_recall"])
def test_a_curve_has_the_area_that_it_is_said_to_have(report: Report, kind: str) -> None:
    plot = {"roc": report_plots.roc_plot, "precision_recall": report_plots.precision_recall_plot}[kind]
    found = areas(plot(report))
    assert len(found) == 6
    for label, area in found.items():
        assert area == pytest.approx(float(label.split()[-1]), abs=0.01)


def test_the_worst_classes_are_the_ones_in_colour(report: Report) -> None:
    by_area = sorted(report.curves, key=lambda label: report.curves[label].roc.area)
    named = [label.split(",")[0] for label in areas(report_plots.roc_plot(report))]
    assert named == [*by_area[:5], "mean"]


def test_the_reliability_diagram_shows_the_bins_that_have_answers(report: Report) -> None:
    axes, counts = report_plots.reliability_plot(report.calibration).axes
    points = np.asarray(axes.containers[0][0].get_xydata())
    filled = [column for column in report.calibration.bins if column.accuracy.n]
    np.testing.assert_allclose(points[:, 0], np.array([column.confidence for column in filled], float))
    np.testing.assert_allclose(points[:, 1], [column.accuracy.value for column in filled])
    assert sum(bar.get_height() for bar in counts.patches if isinstance(bar, Rectangle)) == report.n


def test_the_history_shows_what_was_logged_and_the_checkpoint() -> None:
    logged = {"val_loss": Curve((10, 20, 30), (0.5, 0.2, 0.3)), "fit_top1": Curve((10, 20, 30), (0.7, 0.8, 0.9))}
    loss, top1 = report_plots.history_plot(History(logged)).axes
    lines = {line.get_label(): np.asarray(line.get_xydata()).tolist() for line in loss.get_lines()}
    assert lines["validation"] == [[10, 0.5], [20, 0.2], [30, 0.3]]
    assert [x for x, _ in lines["checkpoint that is judged"]] == [20, 20]
    assert [100 * y for _, y in np.asarray(top1.get_lines()[0].get_xydata())] == pytest.approx([70, 80, 90])


def test_many_learning_rates_name_the_first_and_the_last() -> None:
    rates = {f"lr-group{i:02d}": Curve((1, 2), (0.1 * 0.9**i, 0.0)) for i in range(20)}
    (axes,) = report_plots.rate_plot(History(rates)).axes
    named = axes.get_legend_handles_labels()[1]
    assert len(axes.get_lines()) == 20
    assert (named[0], named[-1], len(named)) == ("group00", "group19", 6)


def test_a_group_is_drawn_with_its_interval_and_its_size(report: Report) -> None:
    figure = report_plots.groups_plot(report.per_source, "by source", "")
    (axes,) = figure.axes
    assert axes.get_xticklabels()[0].get_text() == "drawn\nn=1000"
    assert encode(figure).startswith(b"\x89PNG")
