"""Rounds become figures, targets and a table."""

import json

import pytest

from bench.rounds import round_of
from roadsight_bench import machine, results, table, targets
from roadsight_bench.measure import Round
from roadsight_models.gpu import no_gpu


def figures(*rounds: Round) -> dict[str, results.Figures]:
    return results.summary(rounds or [round_of()])


def test_a_ratio_is_the_median_of_the_ratios_of_pairs() -> None:
    found = figures(*(round_of(answers) for answers in (90, 50, 99, 95, 96)))
    assert found["c16"]["ratio"] == pytest.approx(0.95)
    assert [sample["ratio"] for sample in found["c16"]["samples"]] == pytest.approx([0.9, 0.5, 0.99, 0.95, 0.96])


def test_counts_are_summed_so_that_no_failure_is_lost_in_a_median() -> None:
    found = figures(round_of(), round_of(failed=3), round_of())
    assert found["c4"]["failed"] == 3
    overload = found["overload"]
    assert overload["sent"] == 900 == sum(overload[name] for name in ("in_time", "late", "refused", "failed"))


def test_the_latest_answer_of_all_rounds_is_told() -> None:
    found = figures(round_of(), round_of(latest_s=0.3), round_of())
    assert found["overload"]["latest_ms"] == pytest.approx(300)


def test_where_nothing_was_answered_there_is_no_time() -> None:
    found = figures(round_of(in_time=0))
    assert (found["overload"]["answer_p50_ms"], found["overload"]["ratio"]) == (None, 0.0)


def test_the_file_names_the_machine_and_the_day() -> None:
    here = machine.look()
    document = json.loads(json.dumps(results.document(here, "cuda", True, {"S1": figures()})))
    assert document["machine"]["cpu"] == here.cpu != ""
    assert document["machine"]["cores"] == machine.cores() > 0
    assert (document["machine"]["gpu"] is None) == (no_gpu() is not None)
    assert (document["date"][:2], document["provider"], document["quick"]) == ("20", "cuda", True)
    assert document["S1"].keys() == {"c4", "c16", "c64", "overload"}


def misses(round_: Round, precision: str = "float32") -> list[str]:
    return list(targets.misses("S1", precision, figures(round_)))


def test_who_reaches_every_target_misses_none() -> None:
    assert misses(round_of()) == []


def test_a_miss_says_by_how_much() -> None:
    assert misses(round_of(answers_per_s=94))[0] == "S1 c4 0.94 < 0.95"
    assert misses(round_of(answers_per_s=94), "int8") == []
    assert misses(round_of(in_time=80)) == ["S1 overload 0.80 < 0.90"]


def test_a_long_tail_a_late_answer_and_a_failure_are_misses() -> None:
    assert misses(round_of(p99_ms=20.0)) == ["S1 c64 p99 20 ms > 1.3 x 10"]
    assert misses(round_of(latest_s=0.15)) == ["S1 overload 50 ms late > 10"]
    assert misses(round_of(failed=2)) == [f"S1 {load} 2 failed" for load in ("c4", "c16", "c64")]


def test_figures_of_a_generator_at_its_own_limit_are_not_to_be_believed() -> None:
    assert all("not to be believed" in miss for miss in misses(round_of(generator_cores=0.9)))


def test_the_table_has_a_line_for_every_load_that_fits_a_terminal() -> None:
    cases = {"S1": figures(), "S2-int8": figures(round_of(in_time=0))}
    lines = list(table.lines(cases))
    assert [line.split()[:2] for line in lines[1:9]] == [
        [name, load] for name in cases for load in ("c4", "c16", "c64", "overload")
    ]
    assert max(map(len, lines)) <= 128


def test_the_last_line_sums_up() -> None:
    cases = {"S1": figures(), "S2": figures(round_of(90))}
    assert table.last_line(cases, 0, quick=False) == (
        "S1 0.96/0.96/0.96 overload 0.95; S2 0.90/0.90/0.90 overload 0.95; no targets missed"
    )
    assert table.last_line(cases, 3, quick=True).startswith("quick, so the figures mean nothing: ")
