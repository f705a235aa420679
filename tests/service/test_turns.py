"""Whose turn it is: frames, and what is left of those that have been begun."""

from time import monotonic

from hypothesis import given
from hypothesis import strategies as st

from looks import PLAIN
from roadsight_service.errand import Errand
from roadsight_service.metrics import Clock
from roadsight_service.turns import Turns
from roadsight_service.work import Job, Prepared

MANY = 1000


def job(camera: str, deadline: float = 1000) -> Job:
    return Job(
        prepare=lambda: Prepared(0, 0, (), (), PLAIN), deadline=monotonic() + deadline, camera=camera, clock=Clock()
    )


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


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), min_size=1, max_size=30))
def test_as_many_go_before_a_frame_as_it_was_told(arrivals: list[tuple[str, int]]) -> None:
    turns = Turns[Job, Errand]()
    for camera, deadline in arrivals[:-1]:
        turns.add(job(camera, 100 * deadline))
    last = job(arrivals[-1][0], 100 * arrivals[-1][1])
    told = turns.ahead(last.camera, last.deadline)
    turns.add(last)
    # Cameras of the same turn go by deadline, so some that were counted may come after it; none comes that was not.
    order = [pop(turns) for _ in arrivals]
    assert order.index(last) <= len(told)
