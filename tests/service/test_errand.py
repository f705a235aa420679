"""Work in pieces: each is done once, by whom it may be."""

import threading
from collections import Counter
from collections.abc import Iterable
from functools import partial

from roadsight_service.errand import Errand, Piece
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.pace import Pace
from roadsight_service.work import Job
from running import until


def errand(pieces: Iterable[Piece]) -> Errand:
    return Errand("a", 0.0, pieces)


def test_pieces_are_done_in_order_until_the_time_is_up() -> None:
    done: list[int] = []
    five = errand(partial(done.append, number) for number in range(5))
    five.help(0)
    assert (done, len(five)) == ([0], 4)
    five.help(60)
    assert (done, len(five)) == ([0, 1, 2, 3, 4], 0)
    five.help(60)
    assert len(done) == 5


def test_each_piece_is_done_once_however_many_help() -> None:
    done: Counter[int] = Counter()
    many = errand([partial(done.update, [number]) for number in range(2000)])
    helpers = [threading.Thread(target=many.help, args=(60,)) for _ in range(4)]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join(10)
    assert done.total() == 2000 and set(done.values()) == {1}


def test_a_lane_that_waits_helps_at_once_and_ends_with_the_queue() -> None:
    queue = FrameQueue[Job, Errand](8, Pace(lanes=2))
    together = threading.Barrier(2, timeout=10)  # neither piece ends unless both are in hand

    def meet() -> None:
        together.wait()

    def lane() -> None:
        while isinstance(work := queue.take(2, 1), Errand):
            work.help(60)

    waiting = threading.Thread(target=lane)
    waiting.start()
    until(lambda: queue.idle == 1)
    both = errand([meet, meet])
    queue.put_errand(both)
    both.help(60)
    assert len(both) == 0
    queue.close()
    waiting.join(10)
    assert not waiting.is_alive()
