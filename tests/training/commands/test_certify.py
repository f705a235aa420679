"""`roadsight certify` as a person calls it, on pictures whose distance from the border is known (see `painted`)."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

import colours
from roadsight_models.errors import BadParameter
from roadsight_training.attacking.journal import RESULTS, SECONDS
from roadsight_training.errors import BadRun
from training.attacking.painted import called, painted

LEADS = (1, 3, 6, 10, 20, 30, 60, 100)  # eight of each class: two chunks


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle without a gradient, and data."""
    folder = tmp_path_factory.mktemp("certify")
    colours.save(folder / "bundles")
    painted(folder / "data", LEADS)
    return folder


def certified(place: Path, out: Path, *more: object) -> int:
    bundle = place / "bundles" / "colours" / "1.0.0"
    words = (bundle, "--data", place / "data", "--out", out, "--sigma", 0.25, "--samples", 200, *more)
    return called(*words, command="certify")


@pytest.fixture(scope="module")
def run(place: Path) -> Path:
    out = place / "run"
    assert certified(place, out) == 0
    return out


def figures(run: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((run / "figures.json").read_text())
    return loaded


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / RESULTS).read_text().splitlines()[1:]]


def test_no_certificate_passes_the_border_and_plain_pictures_have_one(run: Path) -> None:
    told = lines(run)
    assert [len(line["truth"]) for line in told] == [20, 4]
    radii = {name: [one for line in told for one in line[name]] for name in ("truth", "label", "radius")}
    furthest = max(LEADS) / 255 * colours.SIDE / math.sqrt(2)
    assert max(radii["radius"]) <= furthest
    assert all(label in (truth, None) for truth, label in zip(radii["truth"], radii["label"], strict=True))
    found = figures(run)
    assert found["n"] == 24
    assert 0.5 <= found["smoothed"]["certified"] < 1  # a lead of one level is lost in the noise
    assert found["smoothed"]["certified"] + found["abstained"]["share"] == pytest.approx(1)
    shares = [point["certified"] for point in found["curve"]]
    assert shares == sorted(shares, reverse=True)
    assert 0 < found["curve"][-1]["radius"] <= found["radius"]["largest"]


def test_the_page_says_what_the_json_says(run: Path) -> None:
    page, found = (run / "report.html").read_text(), figures(run)
    percent = f"{found['smoothed']['certified']:.2%}".replace("%", "\N{NO-BREAK SPACE}%")
    assert f'<b id="certified">{percent}</b>' in page
    assert "The service does not vote, so nothing is proven of its single answers." in page
    assert "wrong with a probability of at most 0.001" in page
    (table,) = re.findall(r'<table id="radii">.*?</table>', page, re.DOTALL)
    assert table.count("<tr>") == 1 + len(found["curve"])
    assert re.findall(r'(?:src|href)="(?!data:image/png;base64,|#)', page) == []


def test_called_again_it_computes_nothing_and_says_the_same(
    place: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    assert certified(place, run) == 0
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    out = capsys.readouterr().out
    assert f"{figures(run)['smoothed']['certified']:.2%}" in out
    assert f"see {run / 'report.html'}" in out


def test_a_run_that_was_stopped_is_the_run_that_was_not(place: Path, run: Path, tmp_path: Path) -> None:
    header, first, _ = (run / RESULTS).read_bytes().splitlines(keepends=True)
    (tmp_path / RESULTS).write_bytes(header + first + b'{"chunk": 1, "tru')
    (tmp_path / SECONDS).write_bytes((run / SECONDS).read_bytes().splitlines(keepends=True)[0])
    assert certified(place, tmp_path) == 0
    assert (tmp_path / RESULTS).read_bytes() == (run / RESULTS).read_bytes()


def test_other_settings_in_the_same_folder_are_refused(place: Path, run: Path) -> None:
    before = (run / RESULTS).read_bytes()
    for more in (("--seed", 1), ("--sigma", 0.1), ("--samples", 201), ("--alpha", 0.01), ("--n", 5)):
        with pytest.raises(BadRun, match="was begun with other settings"):
            certified(place, run, *more)
    assert (run / RESULTS).read_bytes() == before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--sigma", 0), "sigma: "),
        (("--sigma", "nan"), "sigma: "),
        (("--alpha", 1), "alpha: "),
        (("--samples", 9), "n: 9 noisy pictures prove nothing"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_done(
    place: Path, tmp_path: Path, more: tuple[str, str], said: str
) -> None:
    with pytest.raises(BadParameter, match=f"^{said}"):
        certified(place, tmp_path / "run", *more)
    assert not (tmp_path / "run").exists()
