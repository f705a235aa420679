"""The queue's order and bounds, without threads or sockets."""

from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from looks import PLAIN
from roadsight_models.errors import Draining, QueueFull
from roadsight_service.errand import Errand
from roadsight_service.frame_queue import LIGHTEST, FrameQueue
from roadsight_service.metrics import Clock
from roadsight_service.pace import Pace
from roadsight_service.room import DEFAULT_PRIORITY
from roadsight_service.turns import Camera, Turns
from roadsight_service.work import Job, Prepared


def nothing() -> Prepared:
    return Prepared(0, 0, (), (), PLAIN)


def job(camera: str, deadline: float, priority: int = DEFAULT_PRIORITY) -> Job:
    return Job(nothing, monotonic() + deadline, camera, Clock(), priority=priority)


def take(queue: FrameQueue[Job, Errand], lanes: int = 1, round_s: float = 0) -> list[Job]:
    """Frames; where there is no errand."""
    taken = queue.take(lanes, round_s)
    assert isinstance(taken, list)
    return taken


def order(queue: FrameQueue[Job, Errand]) -> list[Job]:
    return [take(queue)[0] for _ in range(len(queue))]


def test_within_a_camera_the_earliest_deadline_goes_first() -> None:
    queue = FrameQueue[Job, Errand](8, Pace(lanes=1))
    jobs = [job("a", deadline) for deadline in (30, 10, 20)]
    for each in jobs:
        queue.put(each)
    assert order(queue) == [jobs[1], jobs[2], jobs[0]]


def test_between_cameras_that_had_equally_much_the_earliest_deadline_goes_first() -> None:
    queue = FrameQueue[Job, Errand](8, Pace(lanes=1))
    slow, fast = job("a", 30), job("b", 10)
    queue.put(slow)
    queue.put(fast)
    assert order(queue) == [fast, slow]


def test_a_camera_that_floods_waits_its_turn() -> None:
    queue = FrameQueue[Job, Errand](32, Pace(lanes=1))
    for _ in range(10):
        queue.put(job("flood", 1))
    queue.put(job("calm", 100))
    queue.put(job("calm", 100))
    assert "calm" in [each.camera for each in order(queue)[:2]]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3)), min_size=1, max_size=30))
def test_while_cameras_wait_none_gets_two_frames_ahead_of_another(arrivals: list[tuple[str, int]]) -> None:
    queue = FrameQueue[Job, Errand](64, Pace(lanes=1))
    for camera, priority in arrivals:
        queue.put(job(camera, 1, priority))
    cameras = [camera for camera, _ in arrivals]
    left = {camera: cameras.count(camera) for camera in set(cameras)}
    taken = dict.fromkeys(left, 0)
    for each in order(queue):
        taken[each.camera] += 1
        left[each.camera] -= 1
        waiting = [taken[camera] for camera in left if left[camera]]
        assert not waiting or taken[each.camera] - min(waiting) <= 1


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=60))
def test_a_camera_that_comes_back_at_once_does_not_pass_one_that_waits(arrivals: list[str]) -> None:
    queue = FrameQueue[Job, Errand](64, Pace(lanes=1))
    patient = [job("patient", 1000) for _ in range(3)]
    for each in patient:
        queue.put(each)
    taken: list[str] = []
    for camera in arrivals:
        queue.put(job(camera, 1))  # an earlier deadline, every time
        taken += [each.camera for each in take(queue, lanes=64)]
    served = taken.count("patient")
    assert served >= min(3, len(taken) // 4)  # four cameras at most: each fourth frame is its own


def test_one_more_than_may_wait_is_refused() -> None:
    queue = FrameQueue[Job, Errand](2, Pace(lanes=1))
    queue.put(job("a", 1))
    queue.put(job("b", 1))
    for camera in ("a", "b", "c"):
        with pytest.raises(QueueFull):
            queue.put(job(camera, 1))


def test_when_the_house_is_full_the_camera_with_most_places_gives_up_its_latest_frame() -> None:
    queue = FrameQueue[Job, Errand](4, Pace(lanes=1))
    flood = [job("flood", deadline) for deadline in (30, 50, 40, 20)]
    for each in flood:
        queue.put(each)
    calm = [job("calm", 1), job("calm", 2)]
    for each in calm:
        queue.put(each)
    for loser in (flood[1], flood[2]):
        with pytest.raises(QueueFull, match="most of them of this camera"):
            loser.future.result(0)
    with pytest.raises(QueueFull):
        queue.put(job("calm", 3))
    assert {id(each) for each in order(queue)} == {id(each) for each in (flood[0], flood[3], *calm)}


def test_when_the_house_is_full_the_lowest_priority_goes_and_of_that_the_latest_frame() -> None:
    queue = FrameQueue[Job, Errand](4, Pace(lanes=1))
    flood = [job("flood", deadline, priority) for deadline, priority in ((90, 1), (10, 3), (20, 3), (80, 2))]
    calm = [job("calm", 50, 3) for _ in range(2)]
    for each in (*flood, *calm):
        queue.put(each)
    for loser in (flood[2], flood[1]):
        with pytest.raises(QueueFull, match="most of them of this camera"):
            loser.future.result(0)
    assert {id(each) for each in order(queue)} == {id(each) for each in (flood[0], flood[3], *calm)}


def test_where_a_camera_has_its_part_its_own_lowest_makes_room_for_a_higher_priority_and_keeps_its_turn() -> None:
    queue = FrameQueue[Job, Errand](2, Pace(lanes=1))
    first, low, other = job("b", 1), job("a", 20, 3), job("b", 10, 3)
    queue.put(first)
    queue.put(low)
    assert take(queue) == [first]
    queue.put(other)
    with pytest.raises(QueueFull, match=r"2 frames wait already$"):
        queue.put(job("a", 1, 3))  # no lower than the other
    with pytest.raises(QueueFull, match=r"2 frames wait already$"):
        queue.put(job("c", 1, 1))  # it has none that could make room, and takes none of another camera's
    high = job("a", 20, 2)  # only its turn can bring it forward
    queue.put(high)
    with pytest.raises(QueueFull, match="3 frames wait already, this camera's newest has a higher priority"):
        low.future.result(0)
    assert (len(queue), order(queue)) == (2, [high, other])


def test_a_discarded_job_frees_its_place_at_once() -> None:
    queue = FrameQueue[Job, Errand](1, Pace(lanes=1))
    leaving = job("a", 1)
    queue.put(leaving)
    queue.discard(leaving)
    queue.discard(leaving)
    staying = job("a", 1)
    queue.put(staying)
    assert order(queue) == [staying]


def test_a_lane_takes_a_fair_part_of_what_waits_and_no_more_than_it_has_time_for() -> None:
    queue = paced(lane_s=2)
    for _ in range(10):
        queue.put(job("a", 1000))
    assert len(take(queue, lanes=4, round_s=11)) == 3
    assert len(take(queue, lanes=1, round_s=11)) == 5
    assert len(take(queue, lanes=4, round_s=11)) == 1
    assert len(take(queue, lanes=1, round_s=0)) == 1


def test_before_a_frame_was_timed_a_lane_takes_one() -> None:
    queue = FrameQueue[Job, Errand](64, Pace(lanes=1))
    for _ in range(10):
        queue.put(job("a", 1))
    assert len(take(queue, lanes=1, round_s=1000)) == 1


def test_a_lane_that_finds_an_errand_done_by_others_waits_on(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = FrameQueue[Job, Errand](4, Pace(lanes=2))
    errand = Errand("a", 0.0, [list[int]().clear])
    queue.put_errand(errand)
    look = Turns.next

    def look_and_lose(turns: Turns[Job, Errand], most_begun: int) -> Camera[Job, Errand] | None:
        found = look(turns, most_begun)
        errand.help(0)  # another lane, which needs no lock for it
        return found

    monkeypatch.setattr(Turns, "next", look_and_lose)
    assert queue.take(2, 0) is errand  # not None, which would end the lane
    assert len(errand) == 0


def test_a_closed_queue_takes_no_more_but_hands_out_what_it_has() -> None:
    queue = FrameQueue[Job, Errand](4, Pace(lanes=1))
    last = job("a", 1)
    queue.put(last)
    queue.close()
    with pytest.raises(Draining):
        queue.put(job("a", 1))
    assert queue.take(1, 0) == [last]
    assert queue.take(1, 0) is None


def paced(lane_s: float) -> FrameQueue[Job, Errand]:
    """A queue before one lane, which is at work on a frame; one of one crop takes so long."""
    pace = Pace(lanes=1)
    queue = FrameQueue[Job, Errand](64, pace)
    with pace.round([job("a", 1000)]):
        pace.learn(unit_s=lane_s / LIGHTEST)
    return queue


def test_as_many_are_let_in_as_can_be_in_time_and_the_next_is_told_at_once() -> None:
    queue = paced(lane_s=10)
    # The one at work gives way within 15 ms, each in the queue takes 10 s, itself 10 s; 76 of the 102 s count.
    for _ in range(7):
        queue.put(job("a", 102))
    with pytest.raises(QueueFull, match="7 frames go before it, an answer would take 80015 ms"):
        queue.put(job("a", 102))
    queue.put(job("a", 200))
    assert len(queue) == 8


def test_nobody_asks_what_goes_before_a_frame_that_has_time_to_go_last(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, asked, ahead = paced(lane_s=10), list[str](), Turns.ahead

    def watched(turns: Turns[Job, Errand], camera: str, priority: int, deadline: float) -> list[Job]:
        asked.append(camera)
        return ahead(turns, camera, priority, deadline)

    monkeypatch.setattr(Turns, "ahead", watched)
    for camera in "abcd":
        queue.check(camera, monotonic() + 200)
        queue.put(job(camera, 200))
    assert asked == []
    queue.check("a", monotonic() + 60)  # behind all four it would be late, behind those of the others it is not
    assert asked == ["a"]


def test_only_what_goes_before_a_frame_counts_against_it() -> None:
    queue = paced(lane_s=10)
    for _ in range(8):
        queue.put(job("a", 1000))
    queue.put(job("a", 25))  # goes before those with time
    queue.put(job("calm", 28))  # takes its turn after one of the other camera
    with pytest.raises(QueueFull, match="2 frames go before it"):
        queue.put(job("a", 39))
    with pytest.raises(QueueFull, match="3 frames go before it"):
        queue.put(job("calm", 39))


def test_what_has_a_lower_priority_does_not_count_against_a_frame_and_what_has_a_higher_one_does() -> None:
    queue = paced(lane_s=10)
    for priority in (3, 3, 3, 2):
        queue.put(job("a", 1000, priority))
    queue.put(job("a", 20, 1))
    with pytest.raises(QueueFull, match="1 frames go before it"):
        queue.put(job("a", 26, 1))
    with pytest.raises(QueueFull, match="1 frames go before it"):
        queue.put(job("a", 26, 2))
    with pytest.raises(QueueFull, match="2 frames go before it"):
        queue.put(job("a", 26, 3))
    with pytest.raises(QueueFull, match="1 frames go before it"):
        queue.check("a", monotonic() + 26)  # before a body: of the default


def test_a_frame_of_many_crops_counts_for_more() -> None:
    queue = paced(lane_s=0.002)
    large = Job(nothing, monotonic() + 1000, "a", Clock(), crops=999)  # a second of work
    queue.put(large)
    with pytest.raises(QueueFull, match="1 frames go before it, an answer would take 1001 ms"):
        queue.put(job("b", 1))
    with pytest.raises(QueueFull, match="1 frames go before it, an answer would take 2001 ms"):
        queue.put(Job(nothing, monotonic() + 2, "b", Clock(), crops=999))
    light = job("b", 10)
    queue.put(light)
    assert [take(queue, round_s=0.03), take(queue, round_s=0.03)] == [[light], [large]]


def test_one_that_is_at_work_on_a_heavy_frame_gives_way() -> None:
    pace = Pace(lanes=1)
    queue = FrameQueue[Job, Errand](64, pace)
    heavy = Job(nothing, monotonic() + 1000, "bus", Clock(), crops=999)
    with pace.round([heavy]):
        pace.learn(unit_s=0.001)
    queue.put(job("car", 0.1))
    assert len(queue) == 1


def test_a_free_lane_takes_a_frame_whatever_it_cost_before() -> None:
    pace = Pace(lanes=2)
    pace.learn(unit_s=1000)
    queue = FrameQueue[Job, Errand](8, pace)
    queue.put(job("a", 1))
    queue.put(job("a", 1))
    with pytest.raises(QueueFull, match="an answer would take"):
        queue.put(job("a", 1))


def test_who_does_not_wait_gets_its_part_too_and_no_more_frames_than_it_can_take() -> None:
    queue = FrameQueue[Job, Errand](64, Pace(lanes=1))
    assert queue.take_now(1, 60, 8) is None
    with_pace = Pace(lanes=1)
    with_pace.learn(unit_s=0.001)
    queue = FrameQueue[Job, Errand](64, with_pace)
    jobs = [job("a", number + 1) for number in range(9)]
    for each in jobs:
        queue.put(each)
    assert queue.take_now(1, 60, 2) == jobs[:2]
    assert queue.take_now(2, 60, 8) == jobs[2:6]
    errand = Errand("a", 0.0, [list[int]().clear])
    queue.put_errand(errand)
    assert queue.take_now(1, 60, 8) is errand
