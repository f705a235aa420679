"""What the lanes' pace is learnt from."""

import asyncio
from time import monotonic, sleep

import pytest

from looks import PLAIN
from roadsight_models.errors import BadImage
from roadsight_service.metrics import Clock
from roadsight_service.pace import BEAT_S, LIGHT_S, WEIGHT, Pace
from roadsight_service.work import Done, Job, Prepared

NOTHING = Prepared(0, 0, (), (), PLAIN)


def job() -> Job:
    return Job(prepare=lambda: NOTHING, deadline=monotonic() + 1000, camera="a", clock=Clock())


def busy(pace: Pace, jobs: int) -> list[Job]:
    """Frames that a lane has taken, and not settled."""
    begun = [job() for _ in range(jobs)]
    with pace.round(begun):
        pass
    return begun


def test_before_anything_was_learnt_every_frame_is_expected_at_once() -> None:
    pace = Pace(lanes=1)
    busy(pace, 3)
    assert pace.expected(5, 10, own=2) == 0
    assert pace.weight_in(1000) == 0


def test_the_expectation_is_what_goes_before_shared_among_lanes_a_rest_of_a_round_and_a_stay() -> None:
    pace = Pace(lanes=2)
    pace.learn(unit_s=0.004, stay_s=0.1)
    busy(pace, 2)
    assert pace.expected(3, 6, own=2) == pytest.approx(3 * 2 * 0.004 / 2 + 4 * 0.004 / 2 / 2 + 0.1)
    busy(pace, 100)  # a round is no longer for that
    assert pace.expected(3, 6, own=2) == pytest.approx(3 * 2 * 0.004 / 2 + LIGHT_S / 2 + 0.1)


def test_a_heavy_frame_stays_as_long_as_it_takes() -> None:
    pace = Pace(lanes=1)
    pace.learn(unit_s=0.01, stay_s=0.1)
    busy(pace, 10)
    assert pace.expected(0, 0, own=100) == pytest.approx(100 * 0.01 + LIGHT_S / 2)


def test_a_free_lane_means_no_wait() -> None:
    pace = Pace(lanes=2)
    pace.learn(unit_s=4.0)
    (only,) = busy(pace, 1)
    assert pace.expected(0, 0, own=2) == 0
    assert pace.expected(1, 2, own=2) > 0
    only.fail(BadImage("spoilt"))
    assert pace.expected(1, 2, own=2) == 0


def test_an_errand_counts_as_a_part_of_the_frames_after_it() -> None:
    pace = Pace(lanes=1)
    with pace.errand():
        sleep(0.05)
    done = job()
    with pace.round([done]):
        done.shares()
    assert pace.weight_in(0.05) < done.weight
    assert 0 < pace.weight_in(0.2) < 5 * done.weight


def test_means_follow_what_is_observed() -> None:
    pace = Pace(lanes=1)
    pace.learn(unit_s=10.0)
    pace.learn(unit_s=20.0)
    assert pace.weight_in(1000) == int(1000 / (10 + WEIGHT * 10))


def test_a_stay_that_nobody_measured_of_late_counts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(lanes=1)
    busy(pace, 1)
    pace.learn(stay_s=7.0)
    assert pace.expected(0, 0, own=2) == pytest.approx(7.0)
    monkeypatch.setattr("roadsight_service.pace.FORGET_S", 0.0)
    assert pace.expected(0, 0, own=2) == 0
    pace.learn(stay_s=1.0)
    monkeypatch.undo()
    assert pace.expected(0, 0, own=2) == pytest.approx(1.0)


def test_frames_that_came_to_nothing_teach_nothing() -> None:
    pace = Pace(lanes=1)
    failed, left = job(), job()
    with pace.round([failed, left]):
        failed.fail(BadImage("spoilt"))
        left.future.cancel()
    busy(pace, 1)
    assert pace.expected(1, 2, own=2) == 0


def test_what_a_lane_does_is_learnt() -> None:
    pace = Pace(lanes=1)
    done = job()
    with pace.round([done]):
        assert done.shares() == []
        done.future.set_result(Done(NOTHING, ()))
    busy(pace, 1)
    assert 0 < pace.expected(0, 0, own=2) < 10


def test_what_the_event_loop_is_late_counts_twice_even_where_a_lane_is_free() -> None:
    async def block() -> float:
        pace = Pace(lanes=1)
        watch = asyncio.ensure_future(pace.watch_loop())
        await asyncio.sleep(0)
        sleep(BEAT_S + 0.1)  # nothing else runs meanwhile
        await asyncio.sleep(0.001)
        watch.cancel()
        return pace.expected(0, 0, own=2)

    assert asyncio.run(block()) >= 0.2
