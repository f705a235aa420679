"""What the lanes' pace is learnt from."""

from time import monotonic, sleep

import pytest

from roadsight_models.errors import BadImage
from roadsight_service.metrics import Clock
from roadsight_service.pace import WEIGHT, Pace
from roadsight_service.work import Done, Job, Prepared

NOTHING = Prepared(0, 0, (), ())


def job() -> Job:
    return Job(prepare=lambda: NOTHING, deadline=monotonic() + 1000, camera="a", clock=Clock())


def busy(pace: Pace, jobs: int) -> list[Job]:
    """Jobs that a lane has taken, and not settled."""
    begun = [job() for _ in range(jobs)]
    with pace.round(begun):
        pass
    return begun


def test_before_anything_was_learnt_every_frame_is_expected_at_once() -> None:
    pace = Pace(lanes=1)
    busy(pace, 3)
    assert pace.expected(ahead=5) == 0


def test_the_expectation_is_what_goes_before_shared_among_lanes_and_a_stay() -> None:
    pace = Pace(lanes=2)
    pace.learn(lane_s=4.0, stay_s=7.0)
    busy(pace, 2)
    assert pace.expected(ahead=3) == pytest.approx((3 + 1) * 4 / 2 + 7)


def test_a_free_lane_means_no_wait() -> None:
    pace = Pace(lanes=2)
    pace.learn(lane_s=4.0, stay_s=7.0)
    (only,) = busy(pace, 1)
    assert pace.expected(ahead=0) == 0
    assert pace.expected(ahead=1) > 0
    only.fail(BadImage("spoilt"))
    assert pace.expected(ahead=1) == 0


def test_an_errand_counts_as_a_part_of_the_frames_after_it() -> None:
    pace = Pace(lanes=1)
    with pace.errand():
        sleep(0.05)
    done = job()
    with pace.round([done]):
        done.shares()
    assert pace.frames_in(0.05) == 1
    assert pace.frames_in(0.2) < 5


def test_means_follow_what_is_observed() -> None:
    pace = Pace(lanes=1)
    busy(pace, 1)
    pace.learn(lane_s=10.0)
    pace.learn(lane_s=20.0)
    assert pace.expected(ahead=1) == pytest.approx(1.5 * (10 + WEIGHT * 10))


def test_frames_that_came_to_nothing_teach_nothing() -> None:
    pace = Pace(lanes=1)
    pace.learn(lane_s=4.0, stay_s=7.0)
    failed, left = job(), job()
    with pace.round([failed, left]):
        failed.fail(BadImage("spoilt"))
        left.future.cancel()
    busy(pace, 1)
    assert pace.expected(ahead=1) == pytest.approx(1.5 * 4 + 7)


def test_what_a_lane_does_is_learnt() -> None:
    pace = Pace(lanes=1)
    done = job()
    with pace.round([done]):
        assert done.shares() == []
        done.future.set_result(Done(NOTHING, ()))
    busy(pace, 1)
    assert 0 < pace.expected(ahead=0) < 10
