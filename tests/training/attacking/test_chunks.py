"""A run that is stopped anywhere is the run that was not."""

import base64
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

import colour_gradient
from roadsight_models.errors import BadParameter
from roadsight_models.gradient import open_gradient
from roadsight_models.robustness.pgd import PGD
from roadsight_models.robustness.victim import Victim
from roadsight_models.session import Session, open_session
from roadsight_training.attacking.asked import Asked, header
from roadsight_training.attacking.chunks import attack_chunks
from roadsight_training.attacking.drawn import Drawn, draw
from roadsight_training.attacking.journal import RESULTS, Journal, open_journal
from roadsight_training.datasets import open_dataset
from roadsight_training.errors import BadDataset
from training.attacking.painted import painted

FOUR, EIGHT = 4 / 255, 8 / 255
LEADS = range(1, 31, 2)
ASKED = Asked("pgd", "linf", (FOUR, EIGHT), 45, "test", "float32", 0, None, None)
ATTACKS = (PGD(steps=10, restarts=2),)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return open_session(colour_gradient.save(tmp_path / "bundles"), "cpu")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return painted(tmp_path / "data", LEADS)


def drawn(session: Session, data: Path, asked: Asked = ASKED) -> Drawn:
    dataset = open_dataset(data).known_as(session.manifest.labels)
    return draw(session, dataset, asked.split, asked.n, asked.target)


def attacked(session: Session, pictures: Drawn, out: Path, asked: Asked = ASKED, chunks: int | None = None) -> Journal:
    """Runs to the end, or until so many chunks are done."""
    victim = Victim(session, open_gradient(session.bundle, "cpu"))
    journal = open_journal(out, header(asked, ATTACKS, session, pictures))
    progress = attack_chunks(victim, pictures, asked, ATTACKS, journal)
    list(progress if chunks is None else islice(progress, chunks + 1))
    return journal


def test_results_are_the_same_bytes_wherever_the_run_was_stopped(session: Session, data: Path, tmp_path: Path) -> None:
    pictures = drawn(session, data)
    attacked(session, pictures, tmp_path / "whole")
    whole = (tmp_path / "whole" / RESULTS).read_bytes()
    assert len(whole.splitlines()) == 4  # a header and three chunks
    for chunks in (0, 1, 2):
        out = tmp_path / f"after-{chunks}"
        assert len(attacked(session, pictures, out, chunks=chunks).done) == chunks
        attacked(session, pictures, out)
        assert (out / RESULTS).read_bytes() == whole


def test_one_that_is_interrupted_in_the_midst_of_a_chunk_does_that_chunk_again(
    session: Session, data: Path, tmp_path: Path
) -> None:
    pictures = drawn(session, data)
    attacked(session, pictures, tmp_path / "whole")
    batches = iter(range(60))

    def control_c() -> None:
        if next(batches, None) is None:
            raise KeyboardInterrupt

    victim = Victim(session, open_gradient(session.bundle, "cpu"), control_c)
    journal = open_journal(tmp_path / "torn", header(ASKED, ATTACKS, session, pictures))
    with pytest.raises(KeyboardInterrupt):
        list(attack_chunks(victim, pictures, ASKED, ATTACKS, journal))
    assert len(open_journal(tmp_path / "torn", journal.header).done) < 3
    attacked(session, pictures, tmp_path / "torn")
    assert (tmp_path / "torn" / RESULTS).read_bytes() == (tmp_path / "whole" / RESULTS).read_bytes()


def test_an_epsilon_has_the_same_results_whichever_others_were_asked_for(
    session: Session, data: Path, tmp_path: Path
) -> None:
    pictures = drawn(session, data)
    alone = Asked("pgd", "linf", (EIGHT,), 45, "test", "float32", 0, None, None)
    both, one = attacked(session, pictures, tmp_path / "2"), attacked(session, pictures, tmp_path / "1", alone)
    assert [line["at"][1] for line in both.done.values()] == [line["at"][0] for line in one.done.values()]


def test_pictures_are_drawn_once_and_for_all(session: Session, data: Path) -> None:
    some = Asked("pgd", "linf", (EIGHT,), 7, "test", "float32", 0, None, None)
    one, other = drawn(session, data, some), drawn(session, data, some)
    assert len(one.truth) == 7
    np.testing.assert_array_equal(one.frames, other.frames)
    assert set(one.truth) == {0, 1, 2}


def test_what_is_of_the_target_already_is_not_drawn(session: Session, data: Path, tmp_path: Path) -> None:
    to_blue = Asked("pgd", "linf", (EIGHT,), 100, "test", "float32", 0, None, "blue")
    pictures = drawn(session, data, to_blue)
    assert set(pictures.truth) == {0, 1}
    assert len(pictures.truth) == 2 * len(LEADS)
    journal = attacked(session, pictures, tmp_path / "run", to_blue)
    broken = [
        guess
        for line in journal.done.values()
        for guess, by in zip(line["at"][0]["guess"], line["at"][0]["broken_by"], strict=True)
        if by >= 0
    ]
    assert set(broken) == {2}


def test_a_split_of_the_target_alone_is_refused(session: Session, tmp_path: Path) -> None:
    data = painted(tmp_path / "data", LEADS, ["blue"])
    to_blue = Asked("pgd", "linf", (EIGHT,), 100, "test", "float32", 0, None, "blue")
    with pytest.raises(BadDataset, match="all of 'test' is blue"):
        drawn(session, data, to_blue)


def test_an_example_is_kept_at_the_smallest_epsilon_that_broke_it(session: Session, data: Path, tmp_path: Path) -> None:
    journal = attacked(session, drawn(session, data), tmp_path / "run")
    examples = [example for line in journal.done.values() for example in line["examples"]]
    assert examples
    for example in examples:
        clean, adversarial = (
            np.asarray(cv2.imdecode(np.frombuffer(base64.b64decode(example[name]), np.uint8), cv2.IMREAD_COLOR_RGB))
            for name in ("clean", "adversarial")
        )
        moved = np.abs(adversarial.astype(int) - clean).max()
        assert 0 < moved <= round(example["epsilon"] * 255)
        assert example["truth"] != example["guess"]


def test_the_header_states_all_that_results_depend_on(session: Session, data: Path) -> None:
    stated = header(ASKED, ATTACKS, session, drawn(session, data))
    assert stated["bundle"] == "colours 1.0.0"
    assert stated["graphs"] == {name: session.manifest.files[name] for name in ("classifier.onnx", "gradient.onnx")}
    assert stated["attacks"] == [
        {
            "name": "pgd",
            "access": "white box",
            "source": "Madry et al. 2017, arXiv:1706.06083",
            "parameters": {"steps": 10, "step": None, "random_start": True, "restarts": 2},
        }
    ]
    assert (stated["norm"], stated["epsilons"], stated["seed"], stated["n"]) == ("linf", (FOUR, EIGHT), 0, 45)
    fewer = header(ASKED, ATTACKS, session, drawn(session, painted(data.parent / "other", [3])))
    assert fewer["pictures"] != stated["pictures"]
    assert fewer["n"] == 3  # not more than there are


def test_an_epsilon_out_of_bounds_is_refused_at_once() -> None:
    with pytest.raises(BadParameter, match=r"epsilon: 1\.5"):
        Asked("pgd", "linf", (EIGHT, 1.5), 45, "test", "float32", 0, None, None)
