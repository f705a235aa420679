"""What is said of a contest: whether the answers were the same, the figures, the table, what is missed."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.rounds import closed
from bench.strangers import in_json, ours
from pictures import GREEN, RED, jpeg, striped
from roadsight_bench.errors import AnswersDiffer
from roadsight_bench.launch import Answer
from roadsight_bench.measure import CONNECTIONS
from roadsight_bench.peers import report
from roadsight_bench.peers.agreement import check, probabilities
from roadsight_bench.peers.catalogue import Row
from roadsight_bench.peers.contest import Contest, Duel, Turn
from roadsight_bench.peers.report import Key
from roadsight_bench.results import Figures
from roadsight_bench.tally import Frame, Open, tally
from roadsight_models import bundle
from roadsight_models.session import Session, open_session

FRAME = jpeg(striped(RED))


def answer(*said: float) -> Answer:
    return Answer({}, in_json(*said).encode())


@pytest.fixture(scope="module")
def session(bundles: Path) -> Session:
    return open_session(bundle.load(bundles / "s3" / "1.0.0"), "cpu", precision="float32")


def test_who_says_what_we_say_does_the_same_work(session: Session) -> None:
    check(session, FRAME, answer(*ours(session, FRAME)), same_work=True)


def test_who_says_something_else_does_not(session: Session) -> None:
    other = answer(*ours(session, jpeg(striped(GREEN))))
    with pytest.raises(AnswersDiffer, match="where we say"):
        check(session, FRAME, other, same_work=True)
    check(session, FRAME, other, same_work=False)  # a tutorial resizes in its own way


def test_what_are_no_probabilities_is_no_answer(session: Session) -> None:
    with pytest.raises(AnswersDiffer, match=r"sum to 0\.300"):
        check(session, FRAME, answer(0.1, 0.1, 0.1), same_work=False)


def test_probabilities_are_found_where_protocols_put_them() -> None:
    tensor = b'{"outputs": []}' + np.array([0.5, 0.5], np.float32).tobytes()
    assert probabilities(Answer({"inference-header-content-length": "15"}, tensor), 2) == [0.5, 0.5]
    assert probabilities(answer(0.25, 0.75), 2) == [0.25, 0.75]
    assert probabilities(Answer({}, b"[1, 0, 0]"), 3) == [1, 0, 0]
    with pytest.raises(AnswersDiffer, match=r"no 3 numbers in: b'\[1, 0\]'"):
        probabilities(Answer({}, b"[1, 0]"), 3)


def overloaded(in_time: int) -> Open:
    frames = [Frame(n / 300, n / 300, n / 300 + 0.01, 200 if n < in_time else 429) for n in range(300)]
    return tally(frames, 300.0, 100.0, 0.1)


def figures(theirs_per_s: float = 50.0, theirs_in_time: int = 40, rounds: int = 1, **changes: float) -> Figures:
    turn = Turn(100.0, closed(96.0), closed(theirs_per_s, **changes))
    duel = Duel(overloaded(95), overloaded(theirs_in_time))
    return report.summary(Contest("int8", "float32", [dict.fromkeys(CONNECTIONS, turn)] * rounds, [duel] * rounds))


def misses(row: Row, found: Figures) -> list[str]:
    return list(report.misses(Key("S3", "mosec", row), found))


def test_a_ratio_is_ours_by_theirs_and_the_rounds_are_kept() -> None:
    found = json.loads(json.dumps(figures(rounds=3, failed=2)))
    assert found["precision"] == {"ours": "int8", "theirs": "float32"}
    assert found["c16"]["ratio"] == pytest.approx(96 / 50)
    assert found["c16"]["theirs"]["failed"] == 6
    assert len(found["c16"]["samples"]) == len(found["overload"]["ours"]["samples"]) == 3
    assert found["overload"]["ratio"] == pytest.approx(95 / 40)


def test_who_answers_nothing_is_no_ratio_and_no_miss() -> None:
    found = figures(theirs_per_s=0.0, theirs_in_time=0)
    assert (found["c4"]["ratio"], found["overload"]["ratio"]) == (None, None)
    assert misses("tutorial", found) == []


def test_a_tutorial_must_be_left_further_behind_than_who_has_our_decoder() -> None:
    assert misses("server", figures(60.0)) == []
    assert misses("tutorial", figures(60.0)) == [f"S3 mosec tutorial c{n} 1.60 < 1.90" for n in CONNECTIONS]
    assert misses("server", figures(theirs_in_time=100)) == ["S3 mosec server overload 0.95 < 1.00"]


def test_a_busy_generator_is_not_to_be_believed() -> None:
    assert all("not to be believed" in miss for miss in misses("server", figures(generator_cores=0.9)))


def test_the_table_has_a_line_for_every_row_even_one_that_could_not_be_measured() -> None:
    rows = {Key("S3", "mosec", "server"): figures(failed=1), Key("S3", "kserve", "server"): {"why": "it ended"}}
    heading, measured, missing = list(report.lines(rows))[:3]
    assert len(measured.split()) == len(heading.replace("p99 ours", "p99").replace("in time", "intime").split())
    assert missing.split(maxsplit=3) == ["S3", "kserve", "server", "not measured: it ended"]
    assert misses("server", rows[Key("S3", "kserve", "server")]) == []
    assert len(measured) <= 158
