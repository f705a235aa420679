"""`roadsight suspicion` as a person calls it, on a small network that has learnt something."""

import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import colours
from roadsight_models.errors import BadBundle, BadParameter
from roadsight_models.robustness.squeezing import suspicion
from roadsight_models.robustness.threat import ThreatModel
from roadsight_training.attacking.drawn import Drawn
from roadsight_training.detecting.asked import Asked
from roadsight_training.detecting.bent import bend
from training.attacked import Attacked, attacked
from training.attacking.painted import called, painted

COUNT = 60
QUICK = ("fgsm", "pgd")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("suspicion")


@pytest.fixture(scope="module")
def network(place: Path) -> Attacked:
    """Its bundle in `bundles`, its pictures in `data`."""
    made = attacked(place / "bundles", COUNT)
    for number, (frame, label) in enumerate(zip(made.frames, made.labels, strict=True)):
        folder = place / "data" / "test" / "abcde"[label]
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{number}.png"), frame[..., ::-1])
    return made


def measured(place: Path, out: Path, *more: object) -> int:
    bundle = place / "bundles" / "colours" / "1.0.0"
    words = [bundle, "--data", place / "data", "--out", out, *more]
    for name in QUICK:
        words += ["--attack", name]
    return called(*words, command="suspicion")


@pytest.fixture(scope="module")
def run(place: Path, network: Attacked) -> Path:
    out = place / "run"
    assert measured(place, out, "--epsilon", "8/255", "--epsilon", 0) == 0
    return out


def figures(run: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((run / "suspicion.json").read_text())
    return loaded


def test_each_attack_is_told_alone_and_one_is_told_of_the_score(run: Path) -> None:
    found = figures(run)
    assert found["n"] == COUNT
    rows = {(one["attack"], one["shown"]): one for one in found["attacks"]}
    assert list(rows) == [(name, at) for at in ("0/255", "8/255") for name in ("fgsm", "pgd", "adaptive")]
    pgd, told = rows["pgd", "8/255"], rows["adaptive", "8/255"]
    assert pgd["broke"]["share"] > 0.3
    assert told["broke"]["share"] >= 0.9 * pgd["broke"]["share"]
    assert 0.5 < told["area"] < pgd["area"] - 0.1
    assert told["caught"] < pgd["caught"]
    for one in (pgd, told):
        low, high = one["area_interval"]
        assert low < one["area"] < high
        assert one["unnoticed"]["share"] == pytest.approx(one["broke"]["share"] * (1 - one["caught"]))
    assert found["false_positives"]["share"] <= 0.05


def test_where_nothing_was_broken_the_figures_are_null(run: Path) -> None:
    (fgsm,) = (one for one in figures(run)["attacks"] if (one["attack"], one["shown"]) == ("fgsm", "0/255"))
    assert fgsm["broke"]["share"] == 0
    assert (fgsm["area"], fgsm["area_interval"], fgsm["caught"]) == (None, None, None)


def test_the_page_says_what_the_json_says(run: Path) -> None:
    page, found = (run / "suspicion.html").read_text(), figures(run)
    (table,) = re.findall(r'<table id="by-attack".*?</table>', page, re.DOTALL)
    assert table.count("<tr>") == 1 + len(found["attacks"])
    for one in found["attacks"]:
        assert one["area"] is None or f"{one['area']:.4f}" in table
    assert "is told of the score" in page
    assert re.findall(r'(?:src|href)="(?!data:image/png;base64,|#)', page) == []
    assert (run / "roc.png").read_bytes().startswith(b"\x89PNG")


def test_the_table_of_the_terminal_has_all_rows(
    place: Path, network: Attacked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measured(place, tmp_path, "--n", 20, "--epsilon", "8/255") == 0
    out = capsys.readouterr().out
    for name in ("fgsm", "pgd", "adaptive"):
        assert re.search(rf"│ {name} ", out)
    assert f"see {tmp_path / 'suspicion.html'}" in out


def test_positives_are_those_that_are_wrong_now_and_were_right_and_the_scores_are_of_what_would_be_sent(
    network: Attacked,
) -> None:
    asked = Asked(("pgd",), "linf", (8 / 255,), COUNT, "test", "float32", 0)
    bent = asked.to_bend(1.0)[0]
    steps = list(bend(network.victim, Drawn(network.frames, network.labels, None), bent, 0, 1.0))
    assert steps == [20, 40, 60]
    right = network.victim.answers(network.frames).argmax(1) == network.labels
    assert not bent.broke[~right].any()
    clean = suspicion(network.victim, network.frames, 1.0)
    np.testing.assert_allclose(bent.scores[~right], clean[~right], atol=1e-6)  # these were left as they are
    assert (bent.scores[bent.broke] != clean[bent.broke]).all()


def test_the_one_that_is_told_knows_the_temperature() -> None:
    asked = Asked(("fgsm",), "l2", (0.5, 1.0), COUNT, "test", "float32", 0)
    bents = asked.to_bend(1.7)
    assert [(one.name, one.threat) for one in bents] == [
        (name, ThreatModel("l2", epsilon)) for epsilon in (0.5, 1.0) for name in ("fgsm", "adaptive")
    ]
    assert bents[1].attacks[0].temperature == 1.7  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--attack", "rain"), "attack: no attack 'rain'"),
        (("--attack", "spatial"), "norm: spatial has no ball"),
        (("--attack", "sticker"), "norm: sticker knows l0, not linf"),
        (("--epsilon", "2"), "epsilon: 2"),
    ],
)
def test_what_can_not_be_measured_is_refused(
    place: Path, network: Attacked, tmp_path: Path, more: tuple[str, str], said: str
) -> None:
    with pytest.raises(BadParameter, match=said):
        measured(place, tmp_path / "run", *more)
    assert not (tmp_path / "run").exists()


def test_a_bundle_without_a_gradient_is_refused(tmp_path: Path) -> None:
    folder = colours.save(tmp_path / "bundles").folder
    painted(tmp_path / "data", [3])
    with pytest.raises(BadBundle, match="published without gradient"):
        called(folder, "--data", tmp_path / "data", "--out", tmp_path / "run", command="suspicion")
