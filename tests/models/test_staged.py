"""The GPU's way through buckets and fixed buffers, on the CPU provider: the same sessions, bindings and copies."""

import gc
import logging
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

import colours
from roadsight_models import providers, runners
from roadsight_models.errors import ProviderMissing
from roadsight_models.provider_options import Fixed
from roadsight_models.runners import Gpu, open_staged
from roadsight_models.staged import Staged


class Sessions:
    """Notes what each session was opened for and what each computes; they are real."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fixed: list[Fixed] = []
        self.ran: list[int] = []  # the batch size of each run
        self.threads: set[int] = set()
        self.refuses_capture = ""
        self.breaks = False
        self.opened: list[weakref.ref[ort.InferenceSession]] = []
        open_on, run = providers.open_on, ort.InferenceSession.run_with_iobinding

        def open_noted(path: Path, provider: str, threads: int, fixed: Fixed) -> ort.InferenceSession:
            self.fixed.append(fixed)
            if self.refuses_capture and fixed.captures:
                raise ProviderMissing(self.refuses_capture)
            self.alive = sum(each() is not None for each in self.opened)
            session = open_on(path, provider, threads, fixed)
            self.opened.append(weakref.ref(session))
            return session

        def run_noted(session: ort.InferenceSession, binding: ort.IOBinding) -> None:
            self.ran.append(session.get_inputs()[0].shape[0])
            self.threads.add(threading.get_ident())
            if self.breaks:
                raise RuntimeError("out of memory")
            run(session, binding)

        monkeypatch.setattr(runners, "open_on", open_noted)
        monkeypatch.setattr(ort.InferenceSession, "run_with_iobinding", run_noted)


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> Sessions:
    return Sessions(monkeypatch)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return colours.save(tmp_path_factory.mktemp("bundles")).classifier


def staged(graph: Path, largest: int = 8, memory_bytes: int | None = None) -> Staged:
    return open_staged(graph, "cpu", "N", False, Gpu(largest, memory_bytes), graph.parent / ".tensorrt")


@pytest.fixture(scope="module")
def runner(graph: Path) -> Iterator[Staged]:
    yield staged(graph)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9, 16, 21])
def test_any_number_of_crops_gets_the_logits_of_its_own(runner: Staged, count: int) -> None:
    crops = colours.crops(count, seed=count)
    logits, embedding = runner.run(crops)
    np.testing.assert_allclose(logits, colours.answers(crops), rtol=1e-5)
    np.testing.assert_allclose(embedding, crops.mean(axis=(1, 2)), rtol=1e-5)


def test_a_batch_runs_in_the_next_bucket_and_a_larger_one_in_several(graph: Path, sessions: Sessions) -> None:
    runner = staged(graph)
    for count, expected in [(1, [1]), (3, [4]), (8, [8]), (21, [8, 8, 8]), (18, [8, 8, 2])]:
        sessions.ran.clear()
        runner.run(colours.crops(count))
        assert sessions.ran == expected


def test_every_bucket_is_warm_before_the_first_crop_the_largest_first(
    graph: Path, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "roadsight_models"):
        runner = staged(graph, largest=6)
    assert runner.buckets == (1, 2, 4, 6)
    assert sessions.ran == [6, 4, 2, 1]
    assert [record.getMessage().partition(", after")[0] for record in caplog.records] == [
        f"batch of {size} is warm, {done} of 4" for done, size in enumerate((6, 4, 2, 1), 1)
    ]


def test_no_crops_no_logits(runner: Staged) -> None:
    logits, embedding = runner.run(colours.crops(0))
    assert (logits.shape, embedding.shape) == ((0, 3), (0, 3))


@pytest.mark.parametrize("count", [3, 8])
def test_answers_stay_as_they_are_when_buffers_are_used_again(runner: Staged, count: int) -> None:
    first = runner.run(colours.crops(count, seed=1))
    kept = [array.copy() for array in first]
    runner.run(colours.crops(count, seed=2))
    for array, before in zip(first, kept, strict=True):
        np.testing.assert_array_equal(array, before)


def test_buffers_never_move_so_that_a_captured_graph_could_be_replayed(graph: Path) -> None:
    runner = staged(graph, largest=2)

    def addresses() -> list[int]:
        buckets = runner._warm.values()
        return [value.data_ptr() for bucket in buckets for value in (bucket._frames, *bucket._outputs)]

    before = addresses()
    assert len(set(before)) == len(before) == 6
    for count in (1, 2, 5):
        runner.run(colours.crops(count))
    assert addresses() == before


def test_what_an_earlier_batch_left_in_the_buffers_is_in_no_answer(runner: Staged) -> None:
    runner.run(np.full((8, 16, 16, 3), 255, np.uint8))
    crops = colours.crops(5)
    np.testing.assert_allclose(runner.run(crops)[0], colours.answers(crops), rtol=1e-5)
    assert not runner._warm[8]._host[5:].any()


def test_crops_need_not_lie_in_one_piece(runner: Staged) -> None:
    crops = colours.crops(12)[::2, :, ::-1]
    np.testing.assert_allclose(runner.run(crops)[0], colours.answers(crops), rtol=1e-5)


def test_many_threads_each_get_their_own_answers_from_one_thread(graph: Path, sessions: Sessions) -> None:
    runner = staged(graph)

    def ask(seed: int) -> bool:
        crops = colours.crops(1 + seed % 11, seed)
        return all(np.allclose(runner.run(crops)[0], colours.answers(crops), rtol=1e-5) for _ in range(5))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(48)))
    assert len(sessions.threads) == 1  # which also warmed them: graphs belong to the thread that captured them


def test_memory_is_divided_among_the_buckets(graph: Path, sessions: Sessions) -> None:
    staged(graph, largest=8, memory_bytes=4 << 20)
    assert {fixed.memory_bytes for fixed in sessions.fixed} == {1 << 20}


def test_each_bucket_has_engines_of_its_own(graph: Path, sessions: Sessions) -> None:
    staged(graph, largest=4)
    assert [fixed.cache for fixed in sessions.fixed] == [graph.parent / ".tensorrt" / size for size in "421"]


def test_a_graph_that_can_not_be_captured_runs_without_and_says_why(
    graph: Path, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    sessions.refuses_capture = "not all nodes are on the GPU"
    runner = staged(graph, largest=2)
    assert runner.without_graphs == "not all nodes are on the GPU"
    assert [fixed.captures for fixed in sessions.fixed] == [True, False, False]
    assert "without CUDA graphs: not all nodes are on the GPU" in caplog.text
    np.testing.assert_allclose(runner.run(colours.crops(2))[0], colours.answers(colours.crops(2)), rtol=1e-5)


def test_one_that_can_says_nothing(graph: Path, sessions: Sessions) -> None:
    assert staged(graph, largest=2).without_graphs is None
    assert all(fixed.captures for fixed in sessions.fixed)


def test_a_bucket_that_does_not_run_stops_the_start_in_our_words(graph: Path, sessions: Sessions) -> None:
    sessions.breaks = True
    with pytest.raises(ProviderMissing, match=r"classifier\.onnx does not run on cpu: out of memory"):
        staged(graph)


def test_what_a_first_try_opened_is_freed_before_the_second(graph: Path, sessions: Sessions) -> None:
    sessions.breaks = True  # while warming, as a capture may
    gc.disable()  # a GPU's memory can't wait for a collection
    try:
        with suppress(ProviderMissing):
            staged(graph)
    finally:
        gc.enable()
    assert [fixed.captures for fixed in sessions.fixed] == [True, False]
    assert sessions.alive == 0


def test_a_run_that_fails_is_told_and_the_next_is_fine(graph: Path, sessions: Sessions) -> None:
    runner = staged(graph)
    sessions.breaks = True
    with pytest.raises(RuntimeError, match="out of memory"):
        runner.run(colours.crops(3))
    sessions.breaks = False
    assert len(runner.run(colours.crops(3))[0]) == 3
