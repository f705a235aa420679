"""Changes of a model and bad requests, against servers that misbehave: every wait ends, and what went wrong is told."""

from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest

from bench.impostor import impostor, nobody
from bench.test_soak import STEP
from roadsight_bench import changes
from roadsight_bench.changes import AUTHORIZATION, TASK, Changer, two_versions
from roadsight_bench.endurance.memory import Memory
from roadsight_bench.errors import LoadFailed
from roadsight_bench.launch import Launch
from roadsight_bench.soak.figures import SETTLED, summary
from roadsight_bench.soak.trouble import CHECK, CLASSIFY, Bad, Troublemaker, kinds
from running import until


def launch(url: str) -> Launch:
    return Launch("impostor", (), {}, url)


def change(url: str) -> Changer:
    """Loads versions until the second load, or until it breaks."""
    changer = Changer(launch(url), cycle(["1.0.0", "2.0.0"]))
    with changer:
        until(lambda: changer.changes >= 2 or changer._loop.done())
    return changer


def test_versions_are_loaded_in_turn_with_the_key() -> None:
    with impostor(200) as server:
        changer = change(server.url)
    assert changer.changes == len(server.said) >= changer.within >= 2
    for head in server.heads:
        assert head.startswith(f"POST /v1/models/{TASK}/load ")
        assert f"Authorization: {AUTHORIZATION['Authorization']}" in head


def test_a_load_that_is_in_progress_is_waited_for_and_not_counted() -> None:
    with impostor(409, 409, 200) as server:
        changer = change(server.url)
    assert server.said[:6] == [409, 409, 200] * 2
    assert changer.changes == server.said.count(200)


def test_a_load_that_is_in_progress_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LOADED_WITHIN_S", 0.5)
    with impostor(409) as server, pytest.raises(LoadFailed, match=r"^1\.0\.0 was not loaded: ok"):
        change(server.url)
    assert set(server.said) == {409}


@pytest.mark.parametrize("status", [0, 401, 404, 422, 500, 503])
def test_a_load_that_is_refused_ends_the_changes(status: int) -> None:
    said = "ok" if status else "no answer came"
    with impostor(200, status) as server, pytest.raises(LoadFailed, match=rf"^2\.0\.0 was not loaded: {said}$"):
        change(server.url)
    assert len(server.said) == 2


def test_where_nobody_listens_nothing_is_loaded() -> None:
    with pytest.raises(LoadFailed, match="no answer came"):
        change(nobody())


def test_bundles_without_the_one_that_changes_are_told(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(LoadFailed, match="no bundle traffic-sign"), two_versions(folder):
            pytest.fail("there is nothing to change")


def trouble(url: str, *bad: Bad) -> Troublemaker:
    maker = Troublemaker(launch(url), bad)
    with maker:
        until(lambda: maker.sent >= len(bad))
    return maker


@pytest.mark.parametrize(("due", "told"), [(400, 400), (404, 404), (400, 429), (504, 504)])
def test_a_bad_request_that_is_refused_as_is_due_is_not_wrong(due: int, told: int) -> None:
    with impostor(told) as server:
        maker = trouble(server.url, Bad(due, CLASSIFY, b""))
    assert maker.wrong == []
    assert maker.sent == len(server.said)


@pytest.mark.parametrize("told", [0, 200, 422, 500, 503])
def test_a_bad_request_that_is_told_something_else_is_wrong_by_name(told: int) -> None:
    with impostor(told) as server:
        maker = trouble(server.url, Bad(400, CLASSIFY, b"", {"X-Deadline-Ms": "soon"}))
    assert {(one.due, one.told) for one in maker.wrong} == {(400, told)}
    assert maker.wrong[0].request == "/v1/classify {'X-Deadline-Ms': 'soon'}"
    assert len(maker.wrong) == maker.sent


def test_kinds_of_trouble_are_all_different_small_and_due_a_refusal() -> None:
    bad = kinds(b"\xff\xd8\xff" * 10)
    assert len({(one.route, one.body, str(one.headers)) for one in bad}) == len(bad)
    assert {one.status for one in bad} == {400, 401, 404, 413, 415, 422, 504}
    assert max(len(one.body) for one in bad) < 1000
    assert any(one.route.startswith(CHECK) for one in bad)


def test_a_soak_is_judged_by_what_comes_after_it_has_settled() -> None:
    grown = [replace(STEP, memory=Memory(mb, mb), open_files=files) for mb, files in ((100.0, 1), (200.0, 9))]
    settled = [replace(STEP, memory=Memory(250.0, 250.0), open_files=60)] * round(2 / SETTLED - 2)
    found = summary(grown + settled)
    assert (found["growth_mb"], found["more_files"]) == (pytest.approx(0, abs=1e-6), pytest.approx(0, abs=1e-6))
    assert summary(grown)["growth_mb"] == pytest.approx(200)  # of two steps both count
