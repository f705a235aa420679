"""`roadsight attack` as a person calls it, on pictures whose robustness is known (see `painted`)."""

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import colour_gradient
import colours
from roadsight_models import bundle
from roadsight_models.errors import BadBundle, BadParameter
from roadsight_training.attacking.journal import RESULTS
from roadsight_training.errors import BadRun
from training.attacking.painted import called, painted

LEADS = range(1, 31, 2)  # 15 of each class; epsilon k/255 breaks those under 2 k
DEADLINE = 120.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle, data and what `stress` wrote."""
    folder = tmp_path_factory.mktemp("attack")
    colour_gradient.save(folder / "bundles")
    painted(folder / "data", LEADS)
    fog = [{"name": "fog", "level": level, "unit": "severity", "top1": 0.75, "n": 8} for level in range(1, 6)]
    (folder / "stress.json").write_text(json.dumps(fog))
    return folder


def words(place: Path, out: Path, *more: object) -> list[object]:
    return [place / "bundles" / "colours" / "1.0.0", "--data", place / "data", "--out", out, "--n", 100, *more]


@pytest.fixture(scope="module")
def run(place: Path) -> Path:
    out = place / "run"
    asked = words(place, out, "--epsilon", "8/255", "--epsilon", "4/255", "--checks", "--stress", place / "stress.json")
    assert called(*asked) == 0
    return out


def figures(run: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((run / "figures.json").read_text())
    return loaded


def test_the_figures_are_those_that_can_be_worked_out(run: Path) -> None:
    found = figures(run)
    assert found["n"] == 45
    assert found["clean"]["top1"] == 1
    assert [(point["shown"], point["robust"]) for point in found["curve"]] == [
        ("4/255", pytest.approx(33 / 45)),
        ("8/255", pytest.approx(21 / 45)),
    ]
    assert [one["at"][1]["robust"] for one in found["per_class"].values()] == [pytest.approx(7 / 15)] * 3
    assert found["masked"] is False
    assert found["corruptions"]["mce"] == 0.25
    assert found["run"]["attacks"][0]["parameters"]["steps"] == 40


def test_the_page_says_what_the_json_says(run: Path) -> None:
    page = (run / "report.html").read_text()
    assert "colours 1.0.0 under pgd: 46.67\N{NO-BREAK SPACE}% to 73.33\N{NO-BREAK SPACE}% of 45 pictures" in page
    assert "upper bound on robust top-1" in page
    for section in ("what", "curve", "classes", "turned", "examples", "masking", "corruptions"):
        assert f'<h2 id="{section}">' in page
        assert f'<a href="#{section}">' in page
    assert "white box, steps 40, step None, random_start True, restarts 1 (Madry et al. 2017" in page
    assert 'id="mce">25.00' in page
    (checks,) = re.findall(r'<table id="checks">.*?</table>', page, re.DOTALL)
    assert checks.count(">holds<") == len(figures(run)["checks"])
    (table,) = re.findall(r'<table id="levels">.*?</table>', page, re.DOTALL)
    assert "pgd 12 of 45" in table and "pgd 24 of 45" in table


def test_the_page_needs_nothing_from_elsewhere(run: Path) -> None:
    page = (run / "report.html").read_text()
    assert re.findall(r'(?:src|href)="(?!data:image/png;base64,|#)', page) == []
    shown = [base64.b64decode(text) for text in re.findall(r'src="data:image/png;base64,(.*?)"', page)]
    assert shown == [(run / f"{name}.png").read_bytes() for name in ("curve", "examples")]  # for slides


def test_called_again_it_computes_nothing_and_says_the_same(
    place: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    asked = words(place, run, "--epsilon", "4/255", "--epsilon", "8/255", "--checks", "--stress", place / "stress.json")
    assert called(*asked) == 0
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    out = capsys.readouterr().out
    assert "46.67%" in out
    assert out.count("\nholds: ") == 4
    assert f"see {run / 'report.html'}" in out


def test_other_settings_in_the_same_folder_are_refused(place: Path, run: Path) -> None:
    before = (run / RESULTS).read_bytes()
    for more in (("--seed", 1), ("--jpeg", 75), ("--norm", "l2"), ("--attack", "fgsm"), ("--target", "red")):
        with pytest.raises(BadRun, match="was begun with other settings"):
            called(*words(place, run, "--epsilon", "4/255", "--epsilon", "8/255", *more))
    assert (run / RESULTS).read_bytes() == before


def test_other_steps_and_restarts_are_another_run_and_are_recorded_with_their_command(
    place: Path, tmp_path: Path
) -> None:
    folder = colour_gradient.save(tmp_path / "bundles").folder
    asked = [folder, "--data", place / "data", "--out", tmp_path / "run", "--steps", 5]
    assert called(*asked, "--restarts", 2, "--record") == 0
    stated = figures(tmp_path / "run")["run"]
    assert stated["attacks"][0]["parameters"] == {"steps": 5, "step": None, "random_start": True, "restarts": 2}
    (entry,) = bundle.load(folder).manifest.robustness
    assert entry.options == "--steps 5 --restarts 2"
    for more in ((), ("--restarts", 3)):
        with pytest.raises(BadRun, match="was begun with other settings"):
            called(*asked, *more)


def test_what_it_found_is_recorded_in_the_bundle_and_the_run_goes_on(place: Path, tmp_path: Path) -> None:
    folder = colour_gradient.save(tmp_path / "bundles").folder
    asked = [folder, "--data", place / "data", "--out", tmp_path / "run", "--attack", "fgsm", "--record"]
    assert called(*asked) == 0
    (entry,) = bundle.load(folder).manifest.robustness
    assert (entry.attack, entry.norm, entry.epsilon, entry.n) == ("fgsm", "linf", 8 / 255, 45)
    assert entry.clean_top1 == 1
    assert entry.robust_top1 == pytest.approx(21 / 45)
    assert called(*asked) == 0  # the digest is another one now; the graphs are the same
    assert bundle.load(folder).manifest.robustness == (entry,)


def test_a_target_and_jpeg_are_what_the_figures_are_of(place: Path, tmp_path: Path) -> None:
    assert called(*words(place, tmp_path, "--target", "blue", "--jpeg", 90)) == 0
    found = figures(tmp_path)
    assert (found["run"]["target"], found["run"]["jpeg"], found["n"]) == ("blue", 90, 30)
    assert {pair["guess"] for pair in found["turned"][0]["pairs"]} == {"blue"}
    page = (tmp_path / "report.html").read_text()
    assert "can't be turned into blue" in page
    assert "JPEG of quality 90" in page


def test_pictures_that_are_all_withstood_make_a_page_too(place: Path, tmp_path: Path) -> None:
    assert called(*words(place, tmp_path, "--epsilon", 0)) == 0
    assert figures(tmp_path)["curve"][0]["robust"] == 1
    assert "Nothing was broken." in (tmp_path / "report.html").read_text()


STOPPED_AFTER_A_CHUNK = """
import os, signal, sys
from roadsight_models import cli
from roadsight_training.attacking.journal import Journal
from training.attacking.painted import COMMANDS

append = Journal.append

def append_and_stop(journal, *line):
    append(journal, *line)
    os.kill(os.getpid(), signal.SIGINT)

Journal.append = append_and_stop
cli.build(COMMANDS)(sys.argv[1:])
"""


def test_ctrl_c_leaves_a_run_that_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    folder = colour_gradient.save(tmp_path / "bundles").folder
    data = painted(tmp_path / "data", [90] * 20)  # 60 pictures, three chunks
    out = tmp_path / "run"
    asked = [str(word) for word in (folder, "--data", data, "--epsilon", "1/255", "--epsilon", "2/255")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", STOPPED_AFTER_A_CHUNK, "attack", *asked, "--out", str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=DEADLINE)
    assert done.returncode == 130, done.stderr
    assert "the same command goes on with" in done.stdout
    assert (out / RESULTS).read_bytes().count(b"\n") == 2  # a header and a chunk
    assert called(*asked, "--out", out) == 0
    assert called(*asked, "--out", tmp_path / "unbroken") == 0
    assert (out / RESULTS).read_bytes() == (tmp_path / "unbroken" / RESULTS).read_bytes()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--attack", "rain"), "attack: no attack 'rain'.* there are: quick, standard, fgsm"),
        (("--epsilon", "a lot"), "epsilon: expected a number such as 8/255"),
        (("--epsilon", "2"), r"epsilon: 2\.0: in linf it is a number from 0 up to 1"),
        (("--norm", "l0"), "norm: pgd knows linf, l2, not l0"),
        (("--attack", "standard", "--steps", "9"), "steps: standard has none to choose"),
        (("--attack", "fgsm", "--restarts", "2"), "restarts: fgsm has none to choose"),
        (("--own", "9"), "own: pgd has no pictures of its own"),
        (("--attack", "substitute", "--restarts", "2"), "restarts: substitute has none to choose"),
    ],
)
def test_what_no_attack_can_do_is_refused(place: Path, tmp_path: Path, more: tuple[str, str], said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        called(*words(place, tmp_path / "run", *more))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--target", "purple"), "there are: red, green, blue"),
        (("--norm", "l1"), "--norm"),
        (("--jpeg", "0"), "--jpeg"),
        (("--n", "0"), "--n"),
        (("--steps", "0"), "--steps"),
        (("--own", "1"), "--own"),
    ],
)
def test_what_can_not_be_read_is_refused(
    place: Path, tmp_path: Path, more: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(*words(place, tmp_path / "run", *more)) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("text", ["", "{}", "[7]", '[{"name": "fog"}]'])
def test_a_file_that_stress_did_not_write_is_refused_before_anything_is_done(
    place: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / "stress.json").write_text(text)
    with pytest.raises(BadRun, match="not what `roadsight stress --json` wrote"):
        called(*words(place, tmp_path / "run", "--stress", tmp_path / "stress.json"))
    assert not (tmp_path / "run").exists()


def test_a_bundle_without_a_gradient_is_refused(place: Path, tmp_path: Path) -> None:
    folder = colours.save(tmp_path).folder
    with pytest.raises(BadBundle, match="published without gradient"):
        called(folder, "--data", place / "data", "--out", tmp_path / "run")
