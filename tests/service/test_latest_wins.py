"""The place of a stream in the queue: one a camera, kept from frame to frame."""

from time import monotonic

import pytest

from looks import PLAIN
from roadsight_models.errors import QueueFull
from roadsight_service.errand import Errand
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.metrics import Clock
from roadsight_service.pace import Pace
from roadsight_service.room import Superseded
from roadsight_service.work import Job, Prepared

STREAM, OTHER = object(), object()


def job(camera: str, deadline: float = 10, stream: object | None = STREAM) -> Job:
    until = monotonic() + deadline
    return Job(lambda: Prepared(0, 0, (), (), PLAIN), until, camera, Clock(), stream=stream)


def is_superseded(one: Job) -> bool:
    return one.future.done() and isinstance(one.future.exception(), Superseded)


def test_the_newest_frame_waits_and_those_before_it_are_told() -> None:
    queue = FrameQueue[Job, Errand](2, Pace(lanes=1))
    jobs = [job("a") for _ in range(5)]
    for each in jobs:
        queue.put(each)
    assert [is_superseded(each) for each in jobs] == [True] * 4 + [False]
    assert (len(queue), queue.take(1, 0)) == (1, [jobs[-1]])


def test_other_cameras_streams_and_requests_keep_theirs() -> None:
    queue = FrameQueue[Job, Errand](8, Pace(lanes=1))
    others = [job("a", stream=OTHER), job("b"), job("a", stream=None), job("a", stream=None)]
    for each in (*others, job("a"), job("a")):
        queue.put(each)
    assert len(queue) == 5
    assert not any(each.future.done() for each in others)


def test_a_stream_that_is_always_newer_loses_no_turn_by_that() -> None:
    queue = FrameQueue[Job, Errand](8, Pace(lanes=1))
    queue.put(job("fast"))
    queue.put(job("slow", 1000))
    taken = []
    for _ in range(4):
        queue.put(newest := job("fast", 2000))  # the later deadline: only its turn can bring it forward
        taken.append(queue.take(1, 0) == [newest])
        queue.put(job("slow", 1000))
    assert taken.count(True) == 2


def test_where_the_newer_frame_can_not_be_in_time_the_older_one_goes_on_waiting() -> None:
    pace = Pace(lanes=1)
    pace.learn(unit_s=1.0)
    pace.begin(4, job("at work").future)
    queue = FrameQueue[Job, Errand](8, pace)
    queue.put(older := job("a", 100))
    with pytest.raises(QueueFull):
        queue.put(job("a", 0.5))
    assert not older.future.done()
    queue.put(job("a", 4))  # the older one does not go before it: it takes its place
    assert is_superseded(older)
