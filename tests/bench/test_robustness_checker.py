"""Checks are asked for on a real service, two in flight, and counted as it counts them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.impostor import nobody
from checking import RED_PNG, checking
from roadsight_bench.growth.loads import TASKS
from roadsight_bench.launch import Launch
from roadsight_bench.robustness.checker import IN_FLIGHT, Checker
from roadsight_bench.robustness.checks import SCENES, Question, draw, tally
from running import PNG, metric, until

RUNNING, WAITING = "roadsight_robustness_running", "roadsight_robustness_waiting"
ENOUGH_S = 60.0  # longer than any test


def question(url: str) -> Question:
    return Question("colour", f"{url}/v1/robustness?attack=fgsm", RED_PNG, PNG)


def told(url: str, code: str) -> float:
    """How many checks the service says that it has told so."""
    return metric(url, f'roadsight_robustness_requests_total{{code="{code}"}}')


def test_a_check_is_about_a_sign_of_a_frame_for_one_task_after_the_other() -> None:
    launch = Launch("nobody", (), {}, "http://127.0.0.1:1/v1/classify")
    questions = draw(launch, "pgd")
    assert [one.task for one in questions] == SCENES * [*TASKS]
    assert len({one.body for one in questions}) == SCENES
    assert questions == draw(launch, "pgd")
    for one in questions:
        path, _, query = one.url.partition("?")
        assert path == "http://127.0.0.1:1/v1/robustness"
        assert f"task={one.task}" in query and "attack=pgd" in query and "region=%5B" in query


def test_one_check_is_at_work_and_one_waits_until_the_block_ends(tmp_path: Path) -> None:
    with checking(tmp_path) as house:
        house.gradient.gate.clear()
        with Checker([question(house.url)] * 2) as checker:
            until(lambda: metric(house.url, RUNNING) == metric(house.url, WAITING) == 1)
            assert checker.asked == []
            house.gradient.gate.set()
            until(lambda: len(checker.asked) > 2 * IN_FLIGHT)
        found = tally(checker.asked)
        assert metric(house.url, RUNNING) == metric(house.url, WAITING) == 0
        assert found.answers == told(house.url, "robust") + told(house.url, "broken") > 2 * IN_FLIGHT
        assert found.failed == found.late == 0
        assert found.seconds is not None and found.slowest_s is not None
        assert 0 < found.seconds <= found.slowest_s


def test_what_ends_after_the_block_has_no_part(tmp_path: Path) -> None:
    with checking(tmp_path) as house, ThreadPoolExecutor(1) as pool:
        house.gradient.gate.clear()
        checker = Checker([question(house.url)] * 2)

        def open_once_it_is_over() -> None:
            assert checker._stop.wait(10)
            house.gradient.gate.set()

        opened = pool.submit(open_once_it_is_over)
        with checker:
            until(lambda: metric(house.url, WAITING) == 1)
        opened.result()
        assert tally(checker.asked).answers == IN_FLIGHT
        assert checker.last(ENOUGH_S).answers == 0


def test_refused_and_late_checks_are_counted_as_the_service_counts_them(tmp_path: Path) -> None:
    with checking(tmp_path, robustness_deadline_ms=200) as house:
        house.gradient.gate.clear()
        with Checker([question(house.url)] * 2) as checker:
            # Both are told that they are late, but their places are taken until the thread comes back.
            until(lambda: tally(checker.asked).late >= IN_FLIGHT and tally(checker.asked).refused > 0)
            house.gradient.gate.set()
        found = tally(checker.asked)
        assert found.late == told(house.url, "deadline_missed")
        assert found.refused == told(house.url, "queue_full")


def test_where_nobody_listens_every_check_has_failed() -> None:
    with Checker([question(nobody().removesuffix("/v1/classify"))] * 2) as checker:
        until(lambda: len(checker.asked) >= IN_FLIGHT)
    found = checker.last(ENOUGH_S)
    assert found.failed == len(checker.asked)
    assert (found.answers, found.seconds, found.slowest_s) == (0, None, None)
