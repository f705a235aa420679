"""Samples become costs, capacities, misses and tables."""

import pytest

from bench.rounds import closed
from roadsight_bench.growth import figures, table
from roadsight_bench.growth.batches import SIZES
from roadsight_bench.growth.loads import COSTED, LOADS, TASKS, Load
from roadsight_bench.growth.measure import Measured, Sample
from roadsight_bench.results import Figures


def sample(answers_per_s: float, cores: int = 2, **changes: float) -> Sample:
    """Two cores: a frame takes 10 ms to decode and 30 ms to infer, of one of them."""
    return Sample(cores, loop_per_s=50.0, decode_ms=10.0, inference_ms=30.0, service=closed(answers_per_s, **changes))


def figures_of(*samples: Sample, load: Load = COSTED, connections: int = 16) -> dict[str, Figures]:
    measured: Measured = {(load, connections): list(samples)}
    return figures.summary(measured)


def test_an_answer_costs_decode_and_so_many_inferences() -> None:
    (one,) = figures_of(sample(answers_per_s=40)).values()  # two cores, 25 ms: 50 ms of a core
    assert one["cost"] == pytest.approx((50 - 10) / 30)
    assert one["ratio"] == pytest.approx(40 / 50)


def test_cores_are_for_a_thousand_cameras_at_ten_frames_a_second() -> None:
    (one,) = figures_of(sample(answers_per_s=40)).values()
    assert one["cores_for_1000_cameras"] == pytest.approx(10_000 / (40 / 2))


@pytest.mark.parametrize(("connections", "busy"), [(1, False), (7, False), (8, True), (64, True)])
def test_connections_that_leave_cores_idle_say_nothing_of_capacity(connections: int, busy: bool) -> None:
    (one,) = figures_of(sample(40), connections=connections).values()
    assert (one["cores_for_1000_cameras"] is not None) == busy


def test_figures_are_medians_over_the_rounds_and_failures_their_sum() -> None:
    (one,) = figures_of(sample(40), sample(10, failed=2), sample(45, failed=1)).values()
    assert (one["answers_per_s"], one["failed"], len(one["samples"])) == (40, 3, 3)


def test_the_loads_differ_from_the_first_at_720p_in_one_thing_each() -> None:
    base = LOADS[1]
    assert {(load.width, load.height) for load in LOADS} == {(640, 360), (1280, 720), (1920, 1080), (3840, 2160)}
    assert {load.regions for load in LOADS if load.width == base.width} == {1, 8, 64}
    assert base.connections == (1, 4, 16, 64)
    assert all({1, 16} <= set(load.connections) for load in LOADS)
    assert (COSTED.regions, COSTED.tasks) == (8, len(TASKS))
    assert len({load.name for load in LOADS}) == len(LOADS)


def test_a_load_is_drawn_with_a_region_a_sign_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roadsight_bench.growth.loads.FRAMES", 2)
    load = Load(640, 360, regions=4, tasks=1)
    first, second = load.draw()
    assert first.body != second.body
    assert (len(first.regions), first.tasks) == (4, ("traffic_sign",))
    assert load.draw() == [first, second]


def misses(one: Sample, load: Load = COSTED, connections: int = 16) -> list[str]:
    return list(figures.misses(figures_of(one, load=load, connections=connections)))


def test_who_reaches_every_target_misses_none() -> None:
    assert misses(sample(answers_per_s=47)) == []
    assert misses(sample(answers_per_s=44, cores=1), LOADS[0], connections=1) == []


def test_a_miss_says_by_how_much() -> None:
    assert misses(sample(40)) == ["1280x720 8r 2t c16 decode + 1.33 x inference > 1.1"]
    assert misses(sample(40), LOADS[0]) == []
    assert misses(sample(40, cores=1), LOADS[0], 1) == ["640x360 1r 1t c1 1.25 of the loop's latency > 1.15"]
    assert misses(sample(47, failed=3)) == ["1280x720 8r 2t c16 3 failed"]
    assert "not to be believed" in misses(sample(47, generator_cores=0.9))[0]


def test_the_tables_have_a_line_for_every_load_and_graph_that_fits_a_terminal() -> None:
    loads = figures_of(sample(40), connections=1) | figures_of(sample(40))
    batches = figures.batches({"road-object int8": {size: [3.0, 1.0, 2.0] for size in SIZES}})
    lines = list(table.lines(loads, batches))
    assert [line.split(" c")[0] for line in lines[1:3]] == [COSTED.name] * 2
    assert lines[-1].split() == ["road-object", "int8", *["2.00"] * len(SIZES)]
    assert max(map(len, lines)) <= 128


def test_the_last_line_sums_up() -> None:
    loads = figures_of(sample(40, cores=1), connections=1) | figures_of(sample(40))
    assert table.last_line(loads, 0, quick=False) == (
        "1280x720 8r 2t c1 decode + 0.50 x inference, c16 decode + 1.33 x inference; alone at least 0.80 of the loop; "
        "no targets missed"
    )
    assert table.last_line(loads, 2, quick=True).startswith("quick, so the figures mean nothing: ")
