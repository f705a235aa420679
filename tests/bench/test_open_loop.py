"""The open loop, over real sockets: it keeps its schedule whatever the server does, and counts what came back."""

from pathlib import Path

import pytest

import colours
from bench.impostor import impostor, nobody
from roadsight_bench.errors import LoadFailed
from roadsight_bench.open_loop import Load, run
from roadsight_bench.tally import Open
from roadsight_service.settings import Settings
from running import metric, serve

PATIENT_MS = 20_000.0  # so that a slow machine makes nothing late


def load(url: str, picture: Path, deadline_ms: float = PATIENT_MS, rate: float = 60) -> Open:
    found = run(Load(url, (str(picture),), rate, 0.5, deadline_ms))
    assert found.sent == found.in_time + found.late + found.refused + found.failed == rate / 2
    return found


def test_the_service_answers_every_frame_and_the_account_is_the_services_own(tmp_path: Path, picture: Path) -> None:
    colours.save(tmp_path)
    with serve(Settings(bundles=tmp_path, provider="cpu")) as url:
        found = load(f"{url}/v1/classify", picture)
        assert found.in_time == 30 == metric(url, 'roadsight_requests_total{code="200",route="/v1/classify"}')


def test_frames_carry_their_deadline_and_a_frame_that_is_too_late_is_told_no(tmp_path: Path, picture: Path) -> None:
    colours.save(tmp_path)
    with serve(Settings(bundles=tmp_path, provider="cpu")) as url:
        found = load(f"{url}/v1/classify", picture, deadline_ms=0.001)
        assert found.refused == 30 == metric(url, 'roadsight_requests_total{code="504",route="/v1/classify"}')


def test_each_kind_of_answer_is_counted_as_the_server_counted_it(picture: Path) -> None:
    with impostor(200, 429, 504, 500, 200) as server:
        found = load(server.url, picture)
        assert found.in_time == server.said.count(200) == 12
        assert found.refused == server.said.count(429) + server.said.count(504) == 12
        assert found.failed == server.said.count(500) == 6


def test_a_server_may_refuse_in_its_own_words_and_be_sent_its_own_form(picture: Path) -> None:
    with impostor(200, 503, 500) as server:
        load = Load(server.url, (str(picture),), 60, 0.5, PATIENT_MS, {"Content-Type": "text/strange"}, (503,))
        found = run(load)
        assert (found.in_time, found.refused, found.failed) == (10, 10, 10)
    assert all("Content-Type: text/strange" in head for head in server.heads)


def test_each_frame_is_sent_with_its_own_query(picture: Path) -> None:
    with impostor() as server:
        run(Load(server.url, (str(picture), f"{picture}?task=a"), 60, 0.5, PATIENT_MS))
        asked = {head.splitlines()[0].split()[1] for head in server.heads}
    assert asked == {"/v1/classify", "/v1/classify?task=a"}


def test_an_answer_after_the_deadline_is_late(picture: Path) -> None:
    with impostor(delay_s=0.2) as server:
        found = load(server.url, picture, deadline_ms=100)
    assert found.late == found.sent


def test_a_slow_server_does_not_slow_the_schedule_down(picture: Path) -> None:
    with impostor(delay_s=1.0) as server:  # longer than the whole load: nobody's answer is waited for
        found = load(server.url, picture)
        assert found.in_time == found.sent == len(server.said)


def test_a_server_that_dies_leaves_failures_not_answers(picture: Path) -> None:
    with impostor(dies_after=10) as server:
        found = load(server.url, picture)
        assert found.in_time <= 10
        assert found.failed == found.sent - found.in_time >= 20


def test_where_nobody_listens_every_frame_has_failed(picture: Path) -> None:
    found = load(nobody(), picture)
    assert (found.failed, found.send_lag_max_ms) == (30, None)


def test_what_is_no_http_is_no_answer(picture: Path) -> None:
    with impostor(0) as server:
        assert load(server.url, picture).failed == 30


def test_a_generator_that_breaks_is_no_failure_of_the_service(tmp_path: Path) -> None:
    with pytest.raises(LoadFailed, match="FileNotFoundError"):
        run(Load(nobody(), (str(tmp_path / "missing.jpg"),), 10, 0.1, 100))
