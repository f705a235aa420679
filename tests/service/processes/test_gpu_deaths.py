"""What becomes of frames, and of the service, when the process that holds the GPU dies, hangs or can't start."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

import colours
from fake_gpu import BROKEN
from roadsight_models import gpu
from roadsight_models.errors import BadBundle, GoldenMismatch, LaneLost
from roadsight_service.opening import open_models
from roadsight_service.processes import birth
from roadsight_service.settings import Settings
from running import launched, metric, post, until
from service.processes import command, standing_in
from service.processes.lanes import children, frames_that_wait, is_alive, paused, until_dead
from service.processes.on_gpu import OnGpu, serve_on_gpu

LOST = "roadsight_lanes_lost_total"
AGAIN_S = 30.0  # another engine is there by then, on a machine that others use, too


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnGpu]:
    with serve_on_gpu(tmp_path_factory.mktemp("bundles")) as started:
        yield started


def until_there_are_others(running: OnGpu, zygote: int) -> None:
    """Waits for another crew, whole."""
    until(lambda: len(running.zygotes) == 1 and running.zygote != zygote, AGAIN_S)
    until(lambda: len(running.lanes) == 2, AGAIN_S)
    assert httpx.get(f"{running.url}/readyz").status_code == 200


def test_where_the_engine_is_killed_its_frames_are_told_and_another_takes_its_place(running: OnGpu) -> None:
    old = [running.zygote, running.engine, *running.lanes]
    with ThreadPoolExecutor(8) as pool:
        os.kill(running.engine, signal.SIGSTOP)
        frames = [pool.submit(post, running.url) for _ in range(8)]
        until(lambda: metric(running.url, "roadsight_queue_depth") > 0)
        os.kill(running.engine, signal.SIGKILL)
        until(lambda: httpx.get(f"{running.url}/readyz").status_code == 503)
        answers = [frame.result() for frame in frames]
    told = [answer.json()["code"] for answer in answers if answer.status_code == 500]
    assert told
    assert set(told) == {"internal"}
    assert {answer.status_code for answer in answers} <= {200, 500}  # what waited is answered by the next
    until_dead(*old)
    until_there_are_others(running, old[0])
    assert not {running.zygote, running.engine, *running.lanes} & set(old)
    assert {post(running.url).status_code for _ in range(4)} == {200}


def test_an_engine_that_hangs_is_ended_by_a_lane_that_waits_for_it(running: OnGpu) -> None:
    zygote, hanging = running.zygote, running.engine
    os.kill(hanging, signal.SIGSTOP)
    assert post(running.url, deadline_ms=100).status_code == 504
    until_dead(hanging, zygote)
    until_there_are_others(running, zygote)
    assert post(running.url).status_code == 200


def test_a_lane_that_is_killed_is_replaced_and_the_engine_stays(running: OnGpu) -> None:
    engine, (killed, spared), lost = running.engine, running.lanes, metric(running.url, LOST)
    with running.hung(), ThreadPoolExecutor(4) as pool:
        frames = [pool.submit(post, running.url) for _ in range(4)]
        until(lambda: metric(running.url, "roadsight_queue_depth") == 0)
        os.kill(killed, signal.SIGKILL)
        until(lambda: any(frame.done() for frame in frames))
        os.kill(engine, signal.SIGCONT)
        assert {frame.result().status_code for frame in frames} == {200, 500}
    until(lambda: len(running.lanes) == 2)
    assert (running.engine, spared in running.lanes, metric(running.url, LOST)) == (engine, True, lost + 1)
    assert {post(running.url).status_code for _ in range(4)} == {200}


def test_a_lane_that_stands_still_holds_up_nobody_else(running: OnGpu) -> None:
    still, _ = running.lanes
    with ThreadPoolExecutor(8) as pool, paused([still]):
        with running.hung():
            held = [pool.submit(post, running.url) for _ in range(8)]
            until(lambda: metric(running.url, "roadsight_queue_depth") > 0)  # both lanes have what they may have
        until(lambda: metric(running.url, "roadsight_queue_depth") == 0)
        assert {post(running.url).status_code for _ in range(4)} == {200}
        assert not all(frame.done() for frame in held)
        os.kill(still, signal.SIGCONT)
        assert {frame.result().status_code for frame in held} == {200}


def test_where_the_zygote_is_killed_the_engine_ends_too(running: OnGpu) -> None:
    old = [running.zygote, running.engine, *running.lanes]
    os.kill(running.zygote, signal.SIGKILL)
    until_dead(*old)
    assert post(running.url).status_code == 200  # it waits for the new ones
    until_there_are_others(running, old[0])
    assert running.engine not in old


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_with_the_serving_process_all_others_end(tmp_path: Path, how: signal.Signals) -> None:
    colours.save(tmp_path)
    given = {"ROADSIGHT_PROVIDER": "cuda", "ROADSIGHT_LANES": "2", "ROADSIGHT_BATCH_CROPS": "4"}
    with launched(tmp_path, module=command.__name__, **given) as (url, process):
        assert post(url).status_code == 200
        (zygote,) = children(process.pid)
        engine, *lanes = children(zygote)
        assert len(lanes) == 2
        for each in (engine, *lanes) if how == signal.SIGKILL else ():
            os.kill(each, signal.SIGSTOP)  # not even one that hangs stays
        for each in (process.pid, zygote, engine, *lanes) if how == signal.SIGINT else (process.pid,):
            os.kill(each, how)  # a terminal interrupts all of them
        assert process.wait(20) == (-how if how == signal.SIGKILL else 0)
        until_dead(zygote, engine, *lanes)


def test_what_waits_is_answered_before_the_service_stops_and_no_process_is_left(tmp_path: Path) -> None:
    with ExitStack() as cameras:
        with serve_on_gpu(tmp_path) as running, running.hung():
            all_of_it = [running.zygote, running.engine, *running.lanes]
            wires = frames_that_wait(running.url, cameras)
        assert {wire.reply().status for wire in wires} == {200}
    assert not any(map(is_alive, all_of_it))


def opened(root: Path, monkeypatch: pytest.MonkeyPatch, **settings: object) -> None:
    """Opens models on a GPU, which must fail; nothing is left of it."""
    monkeypatch.setattr(birth, "MODULE", standing_in.__name__)
    before = children(os.getpid())
    try:
        open_models(Settings.model_validate({"bundles": root, "provider": "cuda"} | settings))
    finally:
        assert children(os.getpid()) == before


def test_what_stops_the_start_is_told_in_the_words_of_a_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadBundle, match="ROADSIGHT_BUNDLES"):
        opened(tmp_path, monkeypatch)
    other = colours.npz(frames=colours.crops(4), logits=colours.answers(colours.crops(4, 1)))
    colours.save(tmp_path, {"golden.npz": other})
    with pytest.raises(GoldenMismatch, match="on cuda the golden probabilities differ"):
        opened(tmp_path, monkeypatch)


def test_an_engine_that_dies_at_the_start_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    colours.save(tmp_path)
    with pytest.raises(LaneLost, match="ended while it opened the models"):
        opened(tmp_path, monkeypatch, engine_cache=tmp_path / standing_in.DIES)


def test_where_the_gpu_does_not_work_auto_falls_back_and_lanes_infer_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    colours.save(tmp_path)
    monkeypatch.setattr(gpu, "no_gpu", lambda: None)
    with serve_on_gpu(tmp_path, provider="auto", engine_cache=tmp_path / standing_in.FALLS_BACK) as running:
        (model,) = httpx.get(f"{running.url}/readyz").json()["models"]
        assert (model["provider"], model["fallback"]) == ("cpu", BROKEN)
        assert len(children(running.zygote)) == 2  # lanes, and no engine
        assert {post(running.url).status_code for _ in range(4)} == {200}
        assert running.crops() == 4
        assert metric(running.url, 'roadsight_provider_fallback{provider="cpu"') == 1
