"""Both batchers, through the CPU provider: the same answers, split to whom they belong."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, perf_counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from looks import PLAIN
from roadsight_models.errors import DeadlineMissed, Draining
from roadsight_models.frame import Pixels
from roadsight_models.preprocess import Crops
from roadsight_models.session import Outputs
from roadsight_service import batcher as batching
from roadsight_service import session_queue
from roadsight_service.batcher import Batcher, InlineBatcher, QueuedBatcher, make_batcher
from roadsight_service.errand import Errand
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.metrics import Clock, Metrics
from roadsight_service.pace import Pace
from roadsight_service.session_queue import SessionQueue
from roadsight_service.work import Job, Prepared, Share
from running import Watched, until, watched_colours

Make = Callable[[Watched], Batcher]


def inline() -> InlineBatcher:
    """Of a lane that is alone."""
    return InlineBatcher(Metrics(), FrameQueue(8, Pace(lanes=1)), 4)


BOTH = pytest.mark.parametrize(
    "make",
    [lambda _: inline(), lambda session: QueuedBatcher([session], Metrics(), 4, 0.01)],
    ids=["inline", "queued"],
)


def crops(count: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 3), np.uint8)


def job(session: Watched, pixels: Sequence[Pixels], deadline: float = 10) -> Job:
    return job_of([(session, each) for each in pixels], deadline)


def job_of(work: Sequence[tuple[Watched, Pixels]], deadline: float = 10) -> Job:
    prepared = Prepared(16, 16, (), tuple((session, Crops(pixels, ())) for session, pixels in work), PLAIN)
    return Job(lambda: prepared, monotonic() + deadline, "camera", Clock())


def share(each: Job) -> list[Share]:
    return each.shares()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    return watched_colours(tmp_path_factory.mktemp("bundles"))


@BOTH
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_everyone_gets_the_logits_of_its_own_crops(session: Watched, make: Make, counts: list[int]) -> None:
    batcher = make(session)
    jobs = [job(session, [crops(count, seed)]) for seed, count in enumerate(counts)]
    batcher.accept([piece for each in jobs for piece in share(each)])
    for seed, (count, each) in enumerate(zip(counts, jobs, strict=True)):
        (outputs,) = each.future.result(10).outputs
        expected = crops(count, seed).mean(axis=(1, 2)) * 12 / 255
        np.testing.assert_allclose(outputs.logits, expected.reshape(count, 3), rtol=1e-4)
    batcher.close(10)


@BOTH
def test_no_batch_is_larger_than_allowed(session: Watched, make: Make) -> None:
    session.batches.clear()
    batcher = make(session)
    large = job(session, [crops(11)])
    batcher.accept(share(large))
    assert len(large.future.result(10).outputs[0].logits) == 11
    batcher.close(10)
    assert session.batches == [4, 4, 3]


@pytest.mark.parametrize(("crops_of_pixels", "batches"), [(2.5, [2, 2, 1]), (0.5, [1] * 5)])
def test_on_a_core_a_batch_has_only_so_many_pixels_but_always_a_crop(
    crops_of_pixels: float, batches: list[int], session: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "PIXELS_AT_ONCE", int(crops_of_pixels * 16 * 16))
    session.batches.clear()
    inline().accept(share(job(session, [crops(5)])))
    assert session.batches == batches


@BOTH
def test_a_cancelled_caller_neither_hangs_the_others_nor_is_computed(session: Watched, make: Make) -> None:
    session.batches.clear()
    batcher = make(session)
    leaving, staying = job(session, [crops(2)]), job(session, [crops(1)])
    shares = [*share(leaving), *share(staying)]
    leaving.future.cancel()
    batcher.accept(shares)
    assert len(staying.future.result(10).outputs[0].logits) == 1
    batcher.close(10)
    assert session.batches == [1]


@BOTH
def test_a_deadline_that_passed_before_the_batch_is_told_and_not_computed(session: Watched, make: Make) -> None:
    session.batches.clear()
    batcher = make(session)
    late = job(session, [crops(2)])
    shares = share(late)
    late.deadline = monotonic() - 1
    batcher.accept(shares)
    with pytest.raises(DeadlineMissed):
        late.future.result(10)
    batcher.close(10)
    assert session.batches == []


@BOTH
def test_a_batch_that_fails_fails_its_callers_and_the_next_is_fine(session: Watched, make: Make) -> None:
    batcher = make(session)
    wrong, right = job(session, [np.zeros((1, 8, 8, 3), np.uint8)]), job(session, [crops(1)])
    batcher.accept(share(wrong))
    with pytest.raises(ValueError, match="expected uint8"):
        wrong.future.result(10)
    batcher.accept(share(right))
    assert len(right.future.result(10).outputs) == 1
    batcher.close(10)


@BOTH
def test_a_session_that_gives_too_few_logits_is_an_error_not_a_mix_up(
    session: Watched, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = session.run(crops(1))
    monkeypatch.setattr(session, "run", lambda _: outputs)
    batcher = make(session)
    short = job(session, [crops(3)])
    batcher.accept(share(short))
    with pytest.raises(RuntimeError, match="3 crops went in, 1 logits came out"):
        short.future.result(10)
    batcher.close(10)


def test_a_small_frame_does_not_wait_for_the_end_of_a_large_one(session: Watched) -> None:
    small, large = job(session, [crops(1)]), job(session, [crops(11)])
    done_after: list[int] = []
    session.batches.clear()
    small.future.add_done_callback(lambda _: done_after.append(len(session.batches)))
    inline().accept([*share(small), *share(large)])
    assert done_after == [1]
    assert session.batches == [1, 4, 4, 3]


def test_a_large_frame_of_one_camera_keeps_small_ones_of_others_out_of_its_turns(session: Watched) -> None:
    queue = FrameQueue[Job, Errand](8, Pace(lanes=1))
    large = job_of([(session, crops(11))])
    small = [job_of([(session, crops(1))]) for _ in range(3)]
    large.camera = "bus"
    session.batches.clear()
    InlineBatcher(Metrics(), queue, 4).accept([*share(large), *(each for one in small for each in share(one))])
    assert session.batches == [3]
    assert all(one.future.done() for one in small)
    left = queue.take(1, 0)
    assert isinstance(left, Errand)
    assert (left.camera, len(left)) == ("bus", 3)
    left.help(60)
    assert large.future.done()


def test_a_client_that_leaves_between_batches_costs_no_more_of_them(
    session: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving = job(session, [crops(12)])
    run, batches = session.run, []

    def leave_after_the_first(frames: Pixels) -> Outputs:
        batches.append(len(frames))
        leaving.future.cancel()
        return run(frames)

    monkeypatch.setattr(session, "run", leave_after_the_first)
    inline().accept(share(leaving))
    assert batches == [4]


def test_a_lane_that_has_nothing_to_do_takes_a_part_of_a_frame(session: Watched) -> None:
    queue, session.gate = FrameQueue[Job, Errand](8, Pace(lanes=2)), threading.Event()
    session.batches.clear()

    def lane() -> None:
        while isinstance(errand := queue.take(2, 1), Errand):
            errand.help(1)

    idle = threading.Thread(target=lane)
    idle.start()
    until(lambda: queue.idle == 1)
    large = job(session, [crops(6)])
    working = threading.Thread(target=InlineBatcher(Metrics(), queue, 4).accept, args=(share(large),))
    working.start()
    until(lambda: large.batches_running == 2)  # the gate is shut: both halves are at it
    session.gate.set()
    (outputs,) = large.future.result(10).outputs
    np.testing.assert_allclose(outputs.logits, crops(6).mean(axis=(1, 2)) * 12 / 255, rtol=1e-4)
    assert session.batches == [3, 3]
    queue.close()
    for thread in (idle, working):
        thread.join(10)


def test_time_that_two_lanes_spend_on_a_frame_at_once_is_counted_once(session: Watched) -> None:
    both = job(session, [crops(1)])
    start = perf_counter()
    both.begin_inference()
    both.begin_inference()
    both.end_inference()
    assert "inference" not in both.clock.spent
    both.end_inference()
    assert 0 < both.clock.spent["inference"] <= perf_counter() - start


def test_an_inference_that_fails_is_timed(session: Watched) -> None:
    wrong = job(session, [np.zeros((1, 8, 8, 3), np.uint8)])
    inline().accept(share(wrong))
    assert wrong.clock.spent["inference"] > 0


def test_a_wait_that_ends_in_nothing_is_timed(session: Watched) -> None:
    given_up = job(session, [crops(1)])
    given_up.fail(DeadlineMissed("decode"))
    assert given_up.clock.spent["queue"] > 0


def test_on_gpu_a_batch_takes_the_most_urgent_and_leaves_the_rest_for_the_next(session: Watched) -> None:
    session.batches.clear()
    session.gate.clear()
    session.entered.clear()
    batcher = QueuedBatcher([session], Metrics(), 4, delay_s=0)
    first = job(session, [crops(4)])
    batcher.accept(share(first))
    assert session.entered.wait(10)
    patient, urgent = job(session, [crops(3)], deadline=60), job(session, [crops(2)], deadline=30)
    batcher.accept([*share(patient), *share(urgent)])
    session.gate.set()
    for each in (first, patient, urgent):
        each.future.result(10)
    batcher.close(10)
    assert session.batches == [4, 2, 3]


def test_crops_that_come_after_the_end_are_told_so(session: Watched) -> None:
    batcher = QueuedBatcher([session], Metrics(), 4, 0.01)
    batcher.close(10)
    late = job(session, [crops(1)])
    batcher.accept(share(late))
    with pytest.raises(Draining):
        late.future.result(1)


def test_a_frame_for_two_sessions_is_done_when_both_are(session: Watched, tmp_path: Path) -> None:
    other = watched_colours(tmp_path)
    both = job_of([(session, crops(1)), (other, crops(2))])
    batcher = QueuedBatcher([session, other], Metrics(), 4, 0.01)
    batcher.accept(share(both))
    assert [len(outputs.logits) for outputs in both.future.result(10).outputs] == [1, 2]
    batcher.close(10)


def test_on_gpu_a_lane_is_held_back_no_longer_than_until_the_deadline(session: Watched) -> None:
    session.gate.clear()
    session.entered.clear()
    batcher = QueuedBatcher([session], Metrics(), 4, delay_s=0)
    running, waiting = job(session, [crops(1)]), job(session, [crops(16)])
    batcher.accept(share(running))
    assert session.entered.wait(10)
    batcher.accept(share(waiting))  # as much as may wait; the session hangs
    late = job(session, [crops(1)], deadline=0.05)
    batcher.accept(share(late))
    with pytest.raises(DeadlineMissed):
        late.future.result(0)
    session.gate.set()
    assert len(waiting.future.result(10).outputs[0].logits) == 16
    batcher.close(10)


def test_on_gpu_a_lane_is_held_back_by_no_frame_whose_client_has_left(session: Watched) -> None:
    before = len(session.batches)
    session.gate.clear()
    session.entered.clear()
    batcher = QueuedBatcher([session], Metrics(), 4, delay_s=0)
    running, waiting, left = (job(session, [crops(count)], deadline=60) for count in (1, 16, 1))
    batcher.accept(share(running))
    assert session.entered.wait(10)
    batcher.accept(share(waiting))  # as much as may wait; the session hangs
    lane = threading.Thread(target=lambda: batcher.accept(share(left)))
    lane.start()
    assert left.future.cancel()
    lane.join(10)
    assert not lane.is_alive()
    session.gate.set()
    waiting.future.result(10)
    batcher.close(10)
    assert sum(session.batches[before:]) == 17


def test_on_gpu_a_lane_that_is_held_back_goes_on_when_there_is_room(session: Watched) -> None:
    session.gate.clear()
    session.entered.clear()
    batcher = QueuedBatcher([session], Metrics(), 4, delay_s=0)
    jobs = [job(session, [crops(count)]) for count in (1, 16, 1)]
    batcher.accept(share(jobs[0]))
    assert session.entered.wait(10)
    lane = threading.Thread(target=lambda: batcher.accept([*share(jobs[1]), *share(jobs[2])]))
    lane.start()
    session.gate.set()
    lane.join(10)
    for each in jobs:
        each.future.result(10)
    batcher.close(10)


def test_on_gpu_sessions_that_hang_are_given_up_together(
    session: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted: list[float] = []
    close = SessionQueue.close

    def noted(self: SessionQueue, within_s: float) -> None:
        granted.append(within_s)
        close(self, within_s)

    monkeypatch.setattr(SessionQueue, "close", noted)
    other = watched_colours(tmp_path)
    batcher = QueuedBatcher([session, other], Metrics(), 4, delay_s=0)
    for each in (session, other):
        each.gate.clear()
        each.entered.clear()
    hanging = job_of([(session, crops(1)), (other, crops(1))])
    batcher.accept(share(hanging))
    assert session.entered.wait(10) and other.entered.wait(10)
    batcher.close(0.2)
    assert granted[0] > granted[1] == 0  # the first has used it up
    session.gate.set()
    other.gate.set()
    hanging.future.result(10)


def test_on_gpu_crops_that_come_within_the_delay_share_a_batch(session: Watched) -> None:
    session.batches.clear()
    batcher = QueuedBatcher([session], Metrics(), 8, delay_s=0.5)
    jobs = [job(session, [crops(2)]) for _ in range(4)]
    for each in jobs:
        batcher.accept(share(each))
    for each in jobs:
        each.future.result(10)
    batcher.close(10)
    assert session.batches == [8]


def test_on_gpu_a_near_deadline_ends_the_wait_for_company(session: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_queue, "_MARGIN_S", 5.0)  # wide, so that a busy machine does not decide the test
    batcher = QueuedBatcher([session], Metrics(), 8, delay_s=60)
    hurried = job(session, [crops(1)], deadline=5.1)
    batcher.accept(share(hurried))
    assert len(hurried.future.result(4).outputs[0].logits) == 1
    batcher.close(10)


def test_the_provider_chooses_the_batcher(session: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(make_batcher([session], Metrics(), FrameQueue(8, Pace(lanes=1)), 4, 0.01), InlineBatcher)
    monkeypatch.setattr(session, "provider", "cuda")
    batcher = make_batcher([session], Metrics(), FrameQueue(8, Pace(lanes=1)), 4, 0.01)
    assert isinstance(batcher, QueuedBatcher)
    batcher.close(10)
