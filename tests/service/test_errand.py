"""Work in pieces: each is done once, by whom it may be."""

import threading
from collections import Counter
from functools import partial

from roadsight_service.errand import Errand
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.pace import Pace
from running import until


def test_alone_all_pieces_are_done_in_order() -> None:
    done: list[int] = []
    Errand([partial(done.append, number) for number in range(5)]).finish()
    assert done == [0, 1, 2, 3, 4]


def test_each_piece_is_done_once_however_many_help() -> None:
    done: Counter[int] = Counter()
    errand = Errand([partial(done.update, [number]) for number in range(2000)])
    helpers = [threading.Thread(target=errand.help) for _ in range(4)]
    for helper in helpers:
        helper.start()
    errand.finish()
    assert done.total() == 2000 and set(done.values()) == {1}
    for helper in helpers:
        helper.join(10)


def test_it_is_finished_when_the_last_piece_is_done_not_when_it_is_begun() -> None:
    gate, begun, finished = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        assert gate.wait(10)

    errand = Errand([slow])
    helper = threading.Thread(target=errand.help)
    helper.start()
    assert begun.wait(10)

    def own() -> None:
        errand.finish()
        finished.set()

    owner = threading.Thread(target=own)
    owner.start()
    assert not finished.wait(0.1)
    gate.set()
    assert finished.wait(10)
    helper.join(10)
    owner.join(10)


def test_no_lane_is_asked_where_there_is_one_piece_or_none_waits() -> None:
    queue = FrameQueue(8, Pace(lanes=1))
    done: list[int] = []
    queue.share([partial(done.append, number) for number in range(3)])
    assert done == [0, 1, 2]
    queue.share([])
    waiting = threading.Thread(target=queue.take, args=(1, 1))
    waiting.start()
    until(lambda: queue.idle == 1)
    by: list[threading.Thread] = []
    queue.share([lambda: by.append(threading.current_thread())])
    assert by == [threading.current_thread()]
    queue.close()
    waiting.join(10)


def test_a_lane_that_helped_waits_again_and_ends_with_the_queue() -> None:
    queue = FrameQueue(8, Pace(lanes=2))
    waiting = threading.Thread(target=queue.take, args=(2, 1))
    waiting.start()
    until(lambda: queue.idle == 1)
    together = threading.Barrier(2, timeout=10)  # neither piece ends unless both are in hand

    def meet() -> None:
        together.wait()

    queue.share([meet, meet])
    until(lambda: queue.idle == 1)
    queue.close()
    waiting.join(10)
    assert not waiting.is_alive()
