"""Whose turn it is: frames, and what is left of those that have been begun."""

from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from looks import PLAIN
from roadsight_service.errand import Errand
from roadsight_service.metrics import Clock
from roadsight_service.room import DEFAULT_PRIORITY
from roadsight_service.turns import Turns
from roadsight_service.work import Job, Prepared

MANY = 1000
START = monotonic()


ARRIVALS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.integers(1, 9)), min_size=1, max_size=30)


def job(camera: str, deadline: float = 1000, priority: int = DEFAULT_PRIORITY, stream: object | None = None) -> Job:
    until = START + deadline
    return Job(lambda: Prepared(0, 0, (), (), PLAIN), until, camera, Clock(), stream=stream, priority=priority)


def errand(camera: str, pieces: int = 1) -> Errand:
    return Errand(camera, monotonic() + 1000, [list[int]().clear] * pieces)


def pop(turns: Turns[Job, Errand], most_begun: int = MANY) -> Job | Errand | None:
    camera = turns.next(most_begun)
    if camera is None:
        return None
    return turns.errand(camera) if camera.errands else turns.pop_frame(camera)


def test_what_is_left_of_a_frame_goes_before_the_next_frame_of_its_camera() -> None:
    turns = Turns[Job, Errand]()
    urgent, begun = job("a", 1), errand("a")
    turns.add(urgent)
    turns.add_errand(begun)
    assert pop(turns) is begun
    begun.help(0)
    assert pop(turns) is urgent
    assert pop(turns) is None


def test_it_takes_turns_with_other_cameras_and_waits_on_until_every_piece_is_in_hand() -> None:
    turns = Turns[Job, Errand]()
    begun, others = errand("a", pieces=3), [job("b", deadline) for deadline in (1, 2)]
    turns.add_errand(begun)
    for other in others:
        turns.add(other)
    taken = []
    while (one := pop(turns)) is not None:
        taken.append(one)
        if one is begun:
            begun.help(0)
    assert taken == [others[0], begun, others[1], begun, begun]


def test_where_many_frames_are_begun_one_of_them_is_next_not_a_new_one() -> None:
    turns = Turns[Job, Errand]()
    new, begun = job("new", 1), [errand("a"), errand("b")]
    turns.add(new)
    for each in begun:
        turns.add_errand(each)
    assert pop(turns, most_begun=2) in begun
    begun[0].help(0)
    assert pop(turns, most_begun=2) is new


def test_then_it_is_the_one_that_is_nearest_to_its_end_and_nobody_loses_a_turn_by_it() -> None:
    turns = Turns[Job, Errand]()
    long, short, early, late = errand("long", pieces=9), errand("short", pieces=3), job("early", 2), job("late", 1)
    turns.add(early)
    for each in (long, short):
        turns.add_errand(each)
    for _ in range(3):
        assert pop(turns, most_begun=2) is short
        short.help(0)
    turns.add(late)
    assert [pop(turns) for _ in range(3)] == [early, long, late]


@given(ARRIVALS)
def test_its_weight_is_that_of_what_waits(arrivals: list[tuple[str, int, int]]) -> None:
    turns, waiting = Turns[Job, Errand](), list[Job]()
    for camera, action, crops in arrivals:
        new = job(camera, stream="one")
        new.crops = crops
        older = turns.predecessor(new)
        if older is None or action == 1:
            turns.add(new)
            waiting.append(new)
        elif action == 2:
            turns.replace(older, new)
            waiting[waiting.index(older)] = new
        else:
            assert turns.remove(older)
            assert not turns.remove(older)
            waiting.remove(older)
        assert turns.weight == sum(each.weight for each in waiting)
    while pop(turns) is not None:
        pass
    assert turns.weight == 0


@given(ARRIVALS)
def test_as_many_go_before_a_frame_as_it_was_told(arrivals: list[tuple[str, int, int]]) -> None:
    turns = Turns[Job, Errand]()
    *before, last = [job(camera, 100 * deadline, priority) for camera, priority, deadline in arrivals]
    for each in before:
        turns.add(each)
    told = turns.ahead(last.camera, last.priority, last.deadline)
    turns.add(last)
    # Cameras of the same turn go by deadline, so some that were counted may come after it; none comes that was not.
    order = [pop(turns) for _ in arrivals]
    assert order.index(last) <= len(told)
    assert {id(one) for one in order[: order.index(last)]} <= {id(one) for one in told}


@given(ARRIVALS)
def test_frames_of_a_camera_go_by_priority_and_then_by_deadline(arrivals: list[tuple[str, int, int]]) -> None:
    turns = Turns[Job, Errand]()
    jobs = [job(camera, deadline, priority) for camera, priority, deadline in arrivals]
    for each in jobs:
        turns.add(each)
    order = [pop(turns) for _ in jobs]
    for camera in "abc":
        mine = sorted((one for one in jobs if one.camera == camera), key=lambda one: (one.priority, one.deadline))
        assert [one for one in order if one is not None and one.camera == camera] == mine
        if mine:
            turns.add(mine[0])
            assert turns.last(camera) is mine[0]
            assert pop(turns) is mine[0]


@given(ARRIVALS)
def test_no_priority_moves_another_camera_from_its_turn(arrivals: list[tuple[str, int, int]]) -> None:
    with_any, with_one = Turns[Job, Errand](), Turns[Job, Errand]()
    for camera, priority, _ in arrivals:
        with_any.add(job(camera, priority=priority))
        with_one.add(job(camera))
    for _ in arrivals:
        any_one, one = pop(with_any), pop(with_one)
        assert any_one is not None and one is not None
        assert any_one.camera == one.camera


def test_between_equal_cameras_the_frame_that_would_be_taken_counts_by_its_deadline_alone() -> None:
    turns = Turns[Job, Errand]()
    first, urgent, other = job("a", 30, priority=1), job("a", 10, priority=3), job("b", 20, priority=3)
    for each in (first, urgent, other):
        turns.add(each)
    assert [pop(turns) for _ in range(3)] == [other, first, urgent]


def test_what_is_begun_goes_before_any_priority_of_its_camera() -> None:
    turns = Turns[Job, Errand]()
    begun, highest = errand("a"), job("a", priority=1)
    turns.add(highest)
    turns.add_errand(begun)
    assert pop(turns) is begun


@pytest.mark.parametrize("priority", [1, 2, 3])
def test_the_newer_frame_of_a_stream_waits_where_its_own_priority_puts_it(priority: int) -> None:
    turns, stream = Turns[Job, Errand](), object()
    older, newer = job("a", 1, stream=stream), job("a", 2, priority, stream)
    for each in (older, *(job("a", 1, one) for one in (1, 2, 3))):
        turns.add(each)
    assert turns.predecessor(newer) is older
    turns.replace(older, newer)
    order = [pop(turns) for _ in range(4)]
    assert (order.index(newer), pop(turns)) == (priority, None)
