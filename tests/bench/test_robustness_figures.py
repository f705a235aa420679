"""Pairs become ratios, misses and a table."""

import pytest

from roadsight_bench.launch import Answer
from roadsight_bench.results import Figures
from roadsight_bench.robustness import figures, table
from roadsight_bench.robustness.checks import Asked, Checks, tally
from roadsight_bench.robustness.held import Held
from roadsight_bench.robustness.measure import LOADS, THIRDS, Measured, Pair
from roadsight_bench.tally import Open

NAME = "1280x720 8r 1t 2/3"
IDLE = {"traffic_sign": Checks(10, 0, 0, 0, 0.2, 0.3), "road_object": Checks(10, 0, 0, 0, 0.1, 0.4)}


def live(p99_ms: float, in_time: int = 1000, cores: float = 0.1) -> Open:
    """A thousand frames at a hundred a second."""
    return Open(100.0, 1000, in_time, 0, 0, 1000 - in_time, 100.0, 8.0, p99_ms, p99_ms, None, 1.0, 2.0, cores)


SOME = Checks(20, 1, 2, 0, 0.5, 0.9)


def pair(p99_ms: float, checks: Checks = SOME, **changes: float) -> Pair:
    """Live frames that have a p99 of 10 ms without checks."""
    return Pair(live(10.0), live(p99_ms, **changes), checks)  # type: ignore[arg-type]  # `in_time` is whole


def loads(*pairs: Pair) -> dict[str, Figures]:
    return figures.summary({NAME: Measured(150.0, list(pairs))})


def misses(*pairs: Pair, attack: str = "quick", idle: dict[str, Checks] = IDLE) -> list[str]:
    return list(figures.misses(attack, idle, loads(*pairs)))


def test_the_ratio_is_the_median_of_the_ratios_of_pairs() -> None:
    (one,) = loads(pair(11), pair(40), pair(12)).values()
    assert one["ratios"] == pytest.approx([1.1, 4.0, 1.2])
    assert one["ratio"] == pytest.approx(1.2)
    assert (one["without"]["answer_p99_ms"], one["beside"]["answer_p99_ms"]) == (10, 12)


def test_counts_are_summed_and_every_sample_is_kept() -> None:
    (one,) = loads(pair(11), pair(11, in_time=997), pair(12)).values()
    assert (one["beside"]["sent"], one["beside"]["in_time"], one["beside"]["failed"]) == (3000, 2997, 3)
    assert [one["checks"][count] for count in ("answers", "refused", "late", "failed")] == [60, 3, 6, 0]
    assert len(one["without"]["samples"]) == len(one["beside"]["samples"]) == len(one["checks"]["samples"]) == 3


def test_checks_that_cost_little_miss_nothing() -> None:
    assert misses(pair(12), pair(11)) == []


def test_a_miss_says_by_how_much() -> None:
    assert misses(pair(15)) == [f"{NAME} p99 beside checks 1.50 of that without > 1.2"]
    assert misses(pair(11, in_time=998)) == [f"{NAME} 2 live frames not answered in time"]
    assert misses(pair(11, Checks(5, 0, 0, 3, 0.1, 0.1))) == [f"{NAME} 3 checks failed"]


def test_the_slowest_check_alone_counts_by_default_and_no_other_attack_s() -> None:
    slow = IDLE | {"road_object": Checks(10, 0, 0, 0, 0.5, 1.5)}
    assert misses(pair(11), idle=slow) == ["the slowest check of road_object alone took 1.50 s > 1"]
    assert misses(pair(11), idle=slow, attack="corruptions") == []


@pytest.mark.parametrize(
    "unanswered", [Checks(9, 1, 0, 0, 0.2, 0.3), Checks(9, 0, 1, 0, 0.2, 0.3), Checks(9, 0, 0, 1, 0.2, 0.3)]
)
def test_a_check_that_is_not_answered_on_an_idle_machine_is_a_miss(unanswered: Checks) -> None:
    assert misses(pair(11), idle=IDLE | {"road_object": unanswered}) == [
        "1 checks of road_object alone were not answered"
    ]


def test_checks_that_never_ran_cost_nothing_and_show_nothing() -> None:
    assert misses(pair(10, Checks(0, 9, 2, 0, None, None))) == [
        f"{NAME} not one check was answered: what one costs is not told"
    ]


def test_figures_of_a_generator_at_its_own_limit_are_not_to_be_believed() -> None:
    (miss,) = misses(pair(11, cores=0.9))
    assert miss == f"{NAME} generator busy, 0.90 of its core: not to be believed"


def test_a_check_took_what_its_client_waited_from_when_it_was_begun() -> None:
    answers = [Answer({}, b'{"timings_ms": {"queue": 300, "total": 480}}'), Answer({}, b"{}", 429), None]
    found = tally([Asked(answer, took_s=0.5, ended_at=0.0) for answer in answers])
    assert (found.answers, found.refused, found.late, found.failed) == (1, 1, 0, 1)
    assert found.seconds == found.slowest_s == pytest.approx(0.2)


def test_both_loads_are_of_720p_with_one_region_and_with_eight_far_from_what_can_be_answered() -> None:
    assert [(load.width, load.height, load.regions) for load in LOADS] == [(1280, 720, 1), (1280, 720, 8)]
    assert THIRDS == (1, 2)


def test_the_table_has_a_line_for_every_task_and_load_that_fits_a_terminal() -> None:
    lines = list(table.lines(IDLE, Held(260, 370), loads(pair(11), pair(12, Checks(0, 9, 2, 0, None, None)))))
    assert [line.split()[0] for line in lines[1:4]] == ["idle", "idle", "1280x720"]
    assert lines[1].split()[1:] == ["traffic_sign", "10", "0", "0", "0", "0.20", "0.30"]
    assert lines[3].split("2/3")[1].split()[:7] == ["100.0", "8.0", "8.0", "10.0", "11.5", "1.15", "1.0"]
    assert lines[3].split()[-6:] == ["20", "10", "4", "0", "0.50", "0.90"]
    assert lines[-1] == "all processes hold 260 MB at rest, 370 MB at most while a check works."
    assert max(map(len, lines)) <= 128


def test_the_last_line_sums_up() -> None:
    found = loads(pair(11)) | {"another": loads(pair(13))[NAME]}
    assert table.last_line("quick", IDLE, found, 1, quick=False) == (
        "live p99 beside checks at most 1.30 of that without (another); a check (quick) alone takes 0.40 s at most; "
        "1 targets missed"
    )
    assert table.last_line("quick", IDLE, found, 0, quick=True).startswith("quick, so the figures mean nothing: ")
