"""An order is settled once: by its last part in whatever order they come, or by the first thing that goes wrong."""

import asyncio
import itertools
import marshal
from time import monotonic
from typing import Any

import pytest

import colours
from looks import PLAIN
from roadsight_models.errors import DeadlineMissed, LaneLost
from roadsight_models.judgement import judgement_of
from roadsight_models.raw_layout import Layout
from roadsight_models.regions import Box, Region
from roadsight_service.metrics import Clock
from roadsight_service.processes import wire
from roadsight_service.processes.kinds import BatchOrder, FrameOrder
from roadsight_service.processes.order import Order, Remainder
from roadsight_service.processes.wire import Piece, Reply
from roadsight_service.room import Ask, Batch
from roadsight_service.served import Served

MODELS = {"colour": Served(colours.manifest(), "float32", "cpu", None, None)}
BOXES = tuple(Region(Box(i, 0, i + 10, 10), str(i)) for i in range(5))
ASK = Ask(monotonic() + 60, "front", regions=BOXES, top=2, layout=Layout("bgr", 20, 10, 60))


def order(ask: Ask = ASK) -> FrameOrder:
    return FrameOrder(b"body", ask, ("colour",), Clock())


def reply(first: int, end: int, **spent: float) -> Reply:
    """What a lane says of some regions: the i-th is red with i tenths."""
    said = [judgement_of([i / 10, 1 - i / 10, 0.0], colours.manifest(), 3) for i in range(first, end)]
    return Reply(0, None, 20, 10, tuple((wire.plain(one),) for one in said), spent, tuple(PLAIN))


def red(order: FrameOrder) -> list[float]:
    seen = order.future.result()
    return [next(p.probability for p in row[0].predictions if p.label == "red") for row in seen.judgements]


@pytest.mark.parametrize("turns", list(itertools.permutations([(0, 2), (2, 3), (3, 5)])))
async def test_parts_make_the_same_whole_in_whatever_order_they_come(turns: tuple[tuple[int, int], ...]) -> None:
    asked = order()
    for first, end in turns:
        assert not asked.future.done()
        asked.take(first, asked.read(reply(first, end), MODELS))
    assert red(asked) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert asked.future.result().regions == BOXES
    asked.take(0, asked.read(reply(0, 2), MODELS))  # who comes late changes nothing
    asked.fail(LaneLost("too late"))
    assert len(red(asked)) == 5


async def test_the_first_error_settles_it_and_withdraws_what_lanes_have() -> None:
    asked, withdrawn = order(), list[str]()
    asked.withdraw = {each: lambda each=each: withdrawn.append(each) for each in "ab"}  # type: ignore[misc]
    asked.fail_at(DeadlineMissed("decode"), {"decode": 0.0})
    asked.fail(LaneLost("later"))
    assert withdrawn == ["a", "b", "a", "b"]
    asked.take(0, asked.read(reply(0, 5), MODELS))
    with pytest.raises(DeadlineMissed):
        await asked.future


async def test_lanes_side_by_side_book_no_more_time_than_passed_and_the_rest_is_waiting() -> None:
    asked = order()
    for first, end in ((0, 3), (3, 5)):
        asked.take(first, asked.read(reply(first, end, decode=300.0, inference=100.0, queue=7.0), MODELS))
    spent = asked.clock.spent
    assert spent["decode"] == pytest.approx(3 * spent["inference"])
    assert 0 < sum(spent.values()) < 60  # the wall's seconds, not the lanes' 800
    assert spent["queue"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("step", [1, 2, 3, 5, 9])
async def test_what_is_left_is_given_out_once_each_and_nothing_once_nobody_waits(step: int) -> None:
    asked = order()
    left, given = Remainder(asked), list[int]()
    while len(left):
        work = left.next(step)
        given += range(work.first, work.end)
    assert given == [0, 1, 2, 3, 4]
    asked.taken = 2
    assert len(left) == 3
    asked.fail(DeadlineMissed("the answer"))
    assert len(left) == 0


def over(made: Order[Any], first: int, end: int) -> tuple[Piece, bytes]:
    """A piece and its body, as a lane reads them."""
    piece, body = made.piece(7, first, end)
    (plain,) = marshal.loads(wire.message([tuple(piece)])[wire.HEAD.size :])
    return Piece(*plain), bytes(body)


async def test_a_piece_of_a_frame_crosses_with_all_its_boxes_and_its_layout() -> None:
    piece, body = over(order(), 2, 4)
    assert (piece.first, piece.end, piece.body_bytes, body) == (2, 4, 4, b"body")
    assert [Region(Box(*box), str(i)) for i, box in enumerate(piece.boxes)] == list(BOXES)
    assert piece.layout is not None and Layout(*piece.layout) == ASK.layout


@pytest.mark.parametrize(("first", "end"), [(0, 1), (1, 3), (0, 3)])
async def test_a_piece_of_crops_has_those_alone(first: int, end: int) -> None:
    asked = BatchOrder(b"aabbcc", Batch(ASK.deadline, "front", "colour", 3), Clock())
    piece, body = over(asked, first, end)
    assert body == b"aabbcc"[2 * first : 2 * end]
    assert (piece.body_bytes, piece.cut, piece.tasks) == (len(body), True, ("colour",))


async def test_what_graphs_gave_for_crops_is_joined_row_by_row() -> None:
    asked = BatchOrder(b"aabbcc", Batch(ASK.deadline, "front", "colour", 3), Clock())
    for first, rows in ((1, ((b"L1", b"E1"), (b"L2", b"E2"))), (0, ((b"L0", b"E0"),))):
        asked.take(first, asked.read(Reply(0, None, 0, 0, rows, {}, ()), MODELS))
    assert await asyncio.wait_for(asked.future, 5) == (b"L0L1L2", b"E0E1E2")
