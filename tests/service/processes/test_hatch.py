"""Both ends of a lane's line to the engine, in one process: crops go over, and no work is done for nobody."""

import marshal
import os
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from mmap import mmap
from pathlib import Path
from socket import AF_UNIX, SHUT_RDWR, SOCK_SEQPACKET, socket, socketpair
from time import monotonic

import numpy as np
import pytest

import colours
from roadsight_models.errors import DeadlineMissed
from roadsight_models.frame import Pixels
from roadsight_models.preprocess import Crops
from roadsight_models.session import Outputs
from roadsight_service.inference import pack
from roadsight_service.metrics import Clock
from roadsight_service.processes.engine import hatch, wire
from roadsight_service.processes.engine.hatch import Hatch
from roadsight_service.processes.engine.lane_line import LaneLine
from roadsight_service.processes.engine.memory import Array, lay, pick_up
from roadsight_service.processes.place import Place
from roadsight_service.processes.wire import Piece, Reply
from roadsight_service.session_queue import SessionQueue
from roadsight_service.work import Job, Prepared, Share
from running import Watched, until, watched_colours

CROP = 16 * 16 * 3
BATCH = 4


@dataclass
class Ends:
    """A lane and the engine."""

    session: Watched
    gone: mmap
    near: socket
    hatch: Hatch
    queue: SessionQueue
    line: LaneLine
    killed: threading.Event
    replies: list[Reply] = field(default_factory=list)
    observed: list[int] = field(default_factory=list)

    def shares(self, crops: Pixels, slot: int = 0, within_s: float = 10, cut: bool = True) -> list[Share]:
        """Of a piece, ready to be handed in."""
        clock = Clock()
        piece = Piece(slot, 0, monotonic() + within_s, (), 0, len(crops), ("colour",), 0, False, cut)
        prepared = Prepared(0, 0, (), ((self.session, Crops(crops, ())),), None)
        place = Place(piece, clock, self.gone, self.replies.append)
        return Job(lambda: prepared, piece.deadline, "", clock, future=place).shares()

    def infer(self, *shares: Share) -> None:
        """What a lane does in a round."""
        self.hatch.infer(shares, self.observed.append, lambda: None)

    def logits(self, slot: int) -> Array:
        """What was told of a slot."""
        (reply,) = [each for each in self.replies if each.slot == slot]
        assert reply.wrong is None, reply.wrong
        return np.stack([np.frombuffer(logits, np.float32) for logits, _ in reply.rows])


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Ends]:
    session, memory, gone = watched_colours(tmp_path), mmap(-1, 2 * BATCH * CROP), mmap(-1, 64)
    near, far = socketpair(AF_UNIX, SOCK_SEQPACKET)
    formed, killed = deque[int](), threading.Event()
    queue = SessionQueue(formed.append, BATCH, 0.0)
    line = LaneLine(far, memory, {"colour": session}, {"colour": queue}, gone, formed)
    serving = threading.Thread(target=line.serve)
    serving.start()
    try:
        yield Ends(session, gone, near, Hatch(near, memory, {"colour": CROP}, BATCH, killed.set), queue, line, killed)
    finally:
        session.gate.set()
        near.close()
        serving.join(10)
        queue.close(10)
    assert not serving.is_alive()


@pytest.mark.parametrize("counts", [[1], [4], [5], [1, 2, 3], [0, 2], [23], [9, 1, 16, 2]])
def test_everyone_gets_the_logits_of_its_own_crops(ends: Ends, counts: list[int]) -> None:
    crops = [colours.crops(count, seed) for seed, count in enumerate(counts)]
    ends.infer(*(share for slot, each in enumerate(crops) for share in ends.shares(each, slot)))
    for slot, each in enumerate(crops):
        if len(each):
            np.testing.assert_allclose(ends.logits(slot), colours.answers(each), rtol=1e-5)
    assert sum(ends.session.batches) == sum(ends.observed) == sum(counts)
    assert len(ends.session.batches) == len(ends.observed)
    assert max(ends.session.batches, default=0) <= BATCH
    assert len(ends.replies) == len(counts)


def test_judgements_need_no_embedding(ends: Ends) -> None:
    (share,) = ends.shares(colours.crops(2), cut=False)
    taken: list[Outputs] = []
    share.take = lambda first, outputs: taken.append(outputs)  # type: ignore[method-assign]
    ends.infer(share)
    assert (taken[0].logits.shape, taken[0].embedding.shape) == ((2, 3), (2, 0))


def test_what_nobody_waits_for_any_more_is_not_inferred_and_holds_up_nobody(ends: Ends) -> None:
    ends.session.gate.clear()

    def shares() -> Iterator[Share]:
        yield from ends.shares(colours.crops(4), 0)
        yield from ends.shares(colours.crops(4), 1)
        assert ends.session.entered.wait(10)  # and the second is handed in
        ends.gone[1] = 1
        ends.session.gate.set()
        yield from ends.shares(colours.crops(4), 2)

    ends.hatch.infer(shares(), ends.observed.append, lambda: None)
    assert ends.session.batches == [4, 4]
    assert "ClientGone" in str([reply.wrong for reply in ends.replies if reply.slot == 1])


def test_a_deadline_that_passes_while_others_are_inferred_is_told(ends: Ends) -> None:
    ends.session.gate.clear()

    def shares() -> Iterator[Share]:
        yield from ends.shares(colours.crops(4), 0)
        assert ends.session.entered.wait(10)
        late = ends.shares(colours.crops(4), 1, within_s=0.2)
        yield from late
        until(lambda: monotonic() > late[0].job.deadline)
        ends.session.gate.set()

    ends.hatch.infer(shares(), ends.observed.append, lambda: None)
    assert ends.session.batches == [4]
    assert {reply.slot: reply.wrong and reply.wrong[0] for reply in ends.replies} == {0: None, 1: DeadlineMissed.code}


def test_a_batch_that_fails_fails_its_own_and_the_next_is_fine(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Pixels) -> Outputs:
        raise ValueError("of a library")

    with monkeypatch.context() as patch:
        patch.setattr(ends.session, "run", fails)
        ends.infer(*ends.shares(colours.crops(1), 0))
    assert ends.replies[0].wrong is not None and "ValueError: of a library" in ends.replies[0].wrong[1]
    ends.infer(*ends.shares(colours.crops(1), 1))
    assert len(ends.logits(1)) == 1


def test_a_gpu_that_hangs_ends_the_engine(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)

    def hangs(_: Pixels) -> Outputs:
        raise TimeoutError

    monkeypatch.setattr(ends.session, "run", hangs)
    ends.infer(*ends.shares(colours.crops(1)))
    assert ended == [1]


def test_an_engine_that_says_nothing_is_ended(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hatch, "PATIENCE_S", 0.1)
    ends.session.gate.clear()
    with pytest.raises(ConnectionError, match="hangs"):
        ends.infer(*ends.shares(colours.crops(1), within_s=1))
    assert ends.killed.is_set()


def test_an_engine_that_is_gone_ends_the_lane(ends: Ends) -> None:
    ends.session.gate.clear()
    ends.near.shutdown(SHUT_RDWR)
    with pytest.raises(ConnectionError):
        ends.infer(*ends.shares(colours.crops(1)))


def test_what_a_lane_that_died_had_handed_in_is_not_inferred(ends: Ends) -> None:
    ends.session.gate.clear()
    for slot in range(3):
        for share in ends.shares(colours.crops(4, slot), slot):
            if slot < 2:
                (part,) = pack([share], BATCH)
                ends.hatch._hand_in(*part)
    assert ends.session.entered.wait(10)
    ends.near.close()
    until(lambda: ends.line.is_gone(0))
    ends.session.gate.set()
    ends.queue.close(10)  # it infers what waits
    assert ends.session.batches == [4]


def test_a_lane_that_does_not_listen_is_hung_up_on(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: socket, __: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr(wire, "send", full)
    ends.hatch._line.send(_ask(ends))
    assert ends.near.recv(1) == b""


def _ask(ends: Ends) -> bytes:
    laid = lay(ends.hatch._memory, 0, (colours.crops(1),))
    return marshal.dumps((0, "colour", 0, monotonic() + 10, 0, laid, False))


def test_what_is_laid_is_picked_up_and_what_does_not_fit_is_refused() -> None:
    memory = mmap(-1, 100)
    arrays: list[Array] = [np.arange(6, dtype=np.uint8).reshape(2, 3), np.linspace(0, 1, 5, dtype=np.float32)]
    laid = lay(memory, 7, arrays)  # at an odd place
    for one, other in zip(pick_up(memory, 7, laid), arrays, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="buffer"):
        lay(memory, 80, arrays)


def test_time_that_inferences_of_two_models_share_is_booked_once() -> None:
    clock = Clock()
    job = Job(lambda: Prepared(0, 0, (), (), None), 0.0, "", clock)
    for began, ended in ((1.0, 2.0), (1.5, 2.5), (1.2, 1.9), (0.0, 0.0), (3.0, 3.5)):
        job.add_inference(began, ended)
    assert clock.spent["inference"] == pytest.approx(2.0)
