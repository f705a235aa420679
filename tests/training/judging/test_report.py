import base64
import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer import BadParameter

from roadsight_models import cli
from roadsight_training.commands.report import wanted
from roadsight_training.datasets import Dataset, open_dataset
from roadsight_training.datasets.pictures import crops
from roadsight_training.errors import BadDataset, BadRun
from roadsight_training.fit import fit, load_best
from roadsight_training.graph import torch_logits
from roadsight_training.judging.report import write_report
from roadsight_training.judging.report_judged import Asked
from roadsight_training.judging.report_page import number, percent, render
from roadsight_training.judging.thresholds import Aim
from roadsight_training.run import Run, held_back
from training.tiny import gtsrb_row, learnable, packed, recipe

SECTIONS = (
    *("curves", "confusion", "classes", "sweeps", "calibration", "groups"),
    *("errors", "filters", "activations", "grad-cam", "recipe"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learnable(tmp_path_factory.mktemp("report") / "data")


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Dataset:
    return open_dataset(folder)


def trained(dataset: Dataset, network: str) -> Run:
    path = recipe(
        dataset.folder.parent / f"{network}.yaml",
        input={"width": 32, "height": 32},
        network={"name": network},
        fit={"epochs": 8, "learning_rate": 0.004, "average_decay": 0},
    )
    return fit(path, dataset, path.with_suffix(""))


@pytest.fixture(scope="module")
def run(dataset: Dataset) -> Run:
    return trained(dataset, "lenet5")


@pytest.fixture(scope="module")
def out(run: Run, folder: Path) -> Path:
    """Written by the command, as a person would."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["report", str(run.folder), "--data", str(folder)])
    assert ended.value.code == 0
    return run.folder / "report-validation"


@pytest.fixture(scope="module")
def page(out: Path) -> str:
    return (out / "report.html").read_text()


def figures_of(out: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((out / "figures.json").read_text())
    return loaded


def said(page: str, name: str) -> str:
    found = re.search(rf'<(\w+) id="{name}"[^>]*>(.*?)</\1>', page, re.DOTALL)
    assert found, name
    return " ".join(re.sub("<.*?>", "", found[2]).split())


def test_every_section_is_there_and_can_be_reached(page: str) -> None:
    for section in SECTIONS:
        assert f'<h2 id="{section}">' in page
        assert f'<a href="#{section}">' in page


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    assert "http://" not in page
    assert "https://" not in page
    assert re.findall(r'(?:src|href)="(?!data:image/png;base64,|#)', page) == []
    assert "url(" not in page
    assert "@import" not in page


def test_every_picture_of_the_page_lies_beside_it_for_slides(out: Path, page: str) -> None:
    shown = [base64.b64decode(text) for text in re.findall(r'src="data:image/png;base64,(.*?)"', page)]
    beside = {path.name: path.read_bytes() for path in out.glob("*.png")}
    assert sorted(shown) == sorted(beside.values())
    wanted = ("history", "learning_rate", "confusion", "roc", "precision_recall", "reliability", "sizes", "filters")
    assert {f"{name}.png" for name in (*wanted, "activations", "grad_cam_right")} <= beside.keys()


def test_the_page_says_what_the_json_says(out: Path, page: str) -> None:
    figures = figures_of(out)
    assert said(page, "top1") == percent(figures["top1"]).replace("\N{NO-BREAK SPACE}", " ")
    assert said(page, "ece") == f"{figures['ece']:.4f}"
    assert figures["verdict"]["why"] in said(page, "verdict")
    (table,) = re.findall(r'<table id="per-class".*?</table>', page, re.DOTALL)
    for label, one in figures["per_class"].items():
        (row,) = (line for line in table.splitlines() if f"<th>{label}</th>" in line)
        values = [float(value) for value in re.findall(r'data-value="(.*?)"', row)]
        wanted = [one[name] for name in ("precision", "recall", "f1", "n")]
        assert values[:4] == [-1 if value is None else value for value in wanted]


def test_the_json_says_what_the_network_says_of_the_tracks_that_were_held_back(
    out: Path, run: Run, dataset: Dataset
) -> None:
    figures, held = figures_of(out), held_back(run, dataset)
    assert {sample.group for sample in held} == run.validation
    guess = torch_logits(load_best(run), crops(dataset, held, run.recipe.input)).argmax(1)
    right = guess == np.array([sample.index for sample in held])
    assert (figures["n"], figures["top1"]) == (len(held), right.mean())
    assert (figures["seen"], figures["network"]) == ("chose", "lenet5")
    confusion = np.array(figures["confusion"])
    assert sum(pair["images"] for pair in figures["confusions"]) == confusion.sum() - np.trace(confusion)


def test_what_is_chosen_is_chosen_on_validation_whatever_is_judged(
    out: Path, run: Run, dataset: Dataset, tmp_path: Path
) -> None:
    write_report(run, load_best(run), dataset, Asked("test"), tmp_path)
    here, there = figures_of(tmp_path), figures_of(out)
    assert (here["n"], there["n"]) == (12, 24)
    assert here["temperature"] == there["temperature"]
    for label, chosen in here["thresholds"].items():
        assert chosen["threshold"] == there["thresholds"][label]["threshold"]
    measured = said((tmp_path / "report.html").read_text(), "measured")
    assert "neither training nor any choice saw" in measured


def test_each_class_gets_a_threshold_for_what_is_wanted_of_it(run: Run, folder: Path, tmp_path: Path) -> None:
    asked = ["--precision", "0.9", "--recall", "speed_limit_50=0.8", "--out", str(tmp_path)]
    with pytest.raises(SystemExit) as ended:
        cli.main(["report", str(run.folder), "--data", str(folder), *asked])
    assert ended.value.code == 0
    thresholds = figures_of(tmp_path)["thresholds"]
    assert {label: one["wanted"] for label, one in thresholds.items() if label.startswith("speed_limit_")} == {
        label: {"recall": 0.8} if label == "speed_limit_50" else {"precision": 0.9}
        for label in thresholds
        if label.startswith("speed_limit_")
    }
    reached = thresholds["speed_limit_50"]["reached"]
    assert reached["recall"]["value"] >= 0.8
    page = (tmp_path / "report.html").read_text()
    assert "recall 80.00" in page
    assert "were chosen on these very pictures" in page


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"precision": ["stop=0.9", "0.9", "stop=0.8"]}, "stop: wanted twice"),
        ({"precision": ["0.9"], "recall": ["0.9"]}, "the classes: wanted twice"),
        ({"recall": ["slow=0.9"]}, "no class 'slow'; there are: stop, yield"),
        ({"precision": ["90"]}, "'90' is no fraction"),
        ({"precision": ["stop=much"]}, "'much' is no fraction"),
        ({"precision": ["nan"]}, "'nan' is no fraction"),
    ],
)
def test_what_can_t_be_wanted_is_refused(said: dict[Aim, list[str]], why: str) -> None:
    with pytest.raises(BadParameter, match=why):
        wanted(said, ("stop", "yield"))


def test_every_box_of_a_picture_that_is_asked_for_is_explained(run: Run, tmp_path: Path) -> None:
    row = gtsrb_row(0, 9, 0, split="test")
    boxes = [row, row | {"roi_x1": 5, "frame": 1}]
    held = [gtsrb_row(i, track, frame) for i in range(3) for track in range(3) for frame in range(8)]
    dataset = open_dataset(packed(tmp_path / "data", [*held, *boxes]))
    write_report(run, load_best(run), dataset, Asked("test", shown=(str(row["path"]),)), tmp_path / "out")
    sheets = [cv2.imread(str(path)) for path in (tmp_path / "out").glob("grad_cam*.png")]
    assert sum(sheet.shape[1] // (144 + 8) for sheet in sheets if sheet is not None) == 2 * 3


def test_logistic_regression_shows_templates_and_says_what_does_not_apply(dataset: Dataset, tmp_path: Path) -> None:
    simple = trained(dataset, "logistic")
    write_report(simple, load_best(simple), dataset, Asked(), tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "what it holds each class to look like" in page
    assert "Does not apply: Grad-CAM needs a convolution" in page
    assert "mixes all pixels at once" in page
    assert (tmp_path / "filters.png").is_file()
    assert not list(tmp_path.glob("grad_cam*"))


def test_a_report_on_what_was_trained_on_says_so_and_explains_the_pictures_asked_for(
    run: Run, dataset: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(BadDataset, match=r"nowhere\.png: not among the pictures that are judged"):
        write_report(run, load_best(run), dataset, Asked("train", shown=("nowhere.png",)), tmp_path)
    (path, *_) = (sample.path for sample in dataset.select("train"))
    write_report(run, load_best(run), dataset, Asked("train", shown=(path,)), tmp_path)
    assert "which it was trained on" in said((tmp_path / "report.html").read_text(), "measured")
    (shown,) = tmp_path.glob("grad_cam*")
    sheet = cv2.imread(str(shown))
    assert sheet is not None
    assert sheet.shape[1] == 3 * (144 + 8) + 8  # the picture, and the evidence for two classes


def test_another_data_set_is_refused(run: Run, dataset: Dataset, tmp_path: Path) -> None:
    foreign = open_dataset(packed(tmp_path / "foreign", [gtsrb_row(0, 0, 0)]))
    with pytest.raises(BadRun, match="validation tracks are not all in"):
        write_report(run, load_best(run), foreign, Asked(), tmp_path / "out")
    with pytest.raises(BadDataset, match="no row of split 'nights'"):
        write_report(run, load_best(run), dataset, Asked("nights"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_recipe_says_is_text_and_never_markup(out: Path) -> None:
    page = render(figures_of(out), {}, "<script>alert(1)</script>")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_large_numbers_are_readable() -> None:
    assert [number(n).replace("\N{NO-BREAK SPACE}", " ") for n in (12, 61_706, 11_198_123, 3_858_000_000)] == [
        *("12", "61.71 k", "11.20 M", "3.86 G")
    ]
