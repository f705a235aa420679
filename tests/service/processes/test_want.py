"""Where there is no process, descriptor or memory just now, lanes come once there is; nothing is left behind."""

import asyncio
import ctypes
import errno
import os
import resource
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from socket import socket, socketpair

import pytest

import colour_gradient
import colours
from roadsight_service.opening import begin
from roadsight_service.processes import birth, crew
from roadsight_service.processes.line import Line
from roadsight_service.settings import Settings
from running import metric, post, until
from service.processes import barren
from service.processes.lanes import check, children, is_alive, paused, serve_processes, until_dead

LOST = "roadsight_lanes_lost_total"
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, sys/prctl.h


def test_a_fork_that_fails_ends_neither_zygote_nor_lanes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(birth, "MODULE", barren.__name__)
    with serve_processes(tmp_path, lanes=barren.LANES) as running:
        zygote, (killed, spared) = running.zygote, running.lanes
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(set(running.lanes) - {killed}) == barren.LANES)
        assert running.zygote == zygote
        assert spared in running.lanes
        assert post(running.url).status_code == 200


def test_nor_does_a_want_of_descriptors(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serve_processes(tmp_path, lanes=2) as running:
        zygote, (killed, spared) = running.zygote, running.lanes
        usual = resource.prlimit(zygote, resource.RLIMIT_NOFILE)
        resource.prlimit(zygote, resource.RLIMIT_NOFILE, (3, usual[1]))
        os.kill(killed, signal.SIGKILL)
        until(lambda: "no descriptor left" in caplog.text)
        assert running.lanes == [spared]
        assert post(running.url).status_code == 200
        resource.prlimit(zygote, resource.RLIMIT_NOFILE, usual)
        until(lambda: len(running.lanes) == 2)
        assert running.zygote == zygote


def test_nor_does_a_parent_that_answers_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with serve_processes(tmp_path, lanes=2) as running:
        zygote, (killed, spared) = running.zygote, running.lanes
        with paused([zygote]), monkeypatch.context() as patch:
            patch.setattr(crew, "FORK_S", 0.3)
            os.kill(killed, signal.SIGKILL)
            until(lambda: metric(running.url, LOST) == 1)
            assert post(running.url).status_code == 200
            until(lambda: "gave no answer within" in caplog.text)
        until(lambda: len(set(running.lanes) - {killed}) == 2)
        assert (running.zygote, spared in running.lanes) == (zygote, True)
        os.kill(spared, signal.SIGKILL)  # answers that came too late are not taken for the next one's
        until(lambda: metric(running.url, LOST) == 2)
        until(lambda: len(set(running.lanes) - {killed, spared}) == 2)
        assert {post(running.url).status_code for _ in range(4)} == {200}
        assert (running.zygote, metric(running.url, LOST)) == (zygote, 2)


def test_a_check_whose_process_is_born_too_late_costs_no_lane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    colour_gradient.save(tmp_path)
    with serve_processes(tmp_path, robustness_enabled=True) as running:
        zygote, lanes = running.zygote, running.lanes
        with paused([zygote]), monkeypatch.context() as patch:
            patch.setattr(crew, "FORK_S", 0.3)
            late = check(running.url, "attack=fgsm")
        assert (late.status_code, late.json()["code"]) == (500, "internal")
        for _ in range(2):
            assert check(running.url, "attack=fgsm").json()["verdict"] == "robust"
        until(lambda: running.lanes == lanes)  # nor is the one that came late left
        assert (running.zygote, metric(running.url, LOST)) == (zygote, 0)


def test_a_parent_that_hangs_is_ended_and_another_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_processes(tmp_path, lanes=2) as running:
        hangs, (killed, _) = running.zygote, running.lanes
        with monkeypatch.context() as patch:
            for name in ("FORK_S", "END_S"):
                patch.setattr(crew, name, 0.2)
            os.kill(hangs, signal.SIGSTOP)
            os.kill(killed, signal.SIGKILL)
            until_dead(hangs)
        until(lambda: post(running.url).status_code == 200, 30)
        until(lambda: len(running.lanes) == 2)
        assert running.zygote != hangs


@pytest.fixture
def as_process_1() -> Iterator[None]:
    """Whose parent died becomes our child, as in a container without an init."""
    prctl = ctypes.CDLL(None).prctl
    prctl(SUBREAPER, 1)
    yield
    prctl(SUBREAPER, 0)


@pytest.mark.usefixtures("as_process_1")
def test_of_lanes_that_outlive_their_zygote_none_stays_a_zombie(tmp_path: Path) -> None:
    before = children(os.getpid())
    with serve_processes(tmp_path, lanes=2) as running:
        zygote = running.zygote
        os.kill(zygote, signal.SIGKILL)
        until(lambda: any(is_alive(each) for each in set(children(os.getpid())) - {zygote, *before}))
        until(lambda: post(running.url).status_code == 200)
        assert set(children(os.getpid())) - set(before) == {running.zygote}
    assert children(os.getpid()) == before


def test_a_zygote_that_can_not_be_started_leaves_no_descriptor_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_process(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "no process left")

    monkeypatch.setattr(subprocess, "Popen", no_process)
    colours.save(tmp_path)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(BlockingIOError):
        begin(Settings(bundles=tmp_path, provider="cpu"))
    assert os.listdir("/proc/self/fd") == before


class Poor(socket):
    """A socket that takes three bytes, and has no memory for more."""

    taken = False

    def sendmsg(self, buffers: Sequence[memoryview]) -> int:  # type: ignore[override]
        """Sends."""
        if self.taken:
            raise OSError(errno.ENOBUFS, "no buffer space available")
        self.taken = True
        return super().sendmsg([buffers[0][:3]])


async def test_a_line_that_sent_half_a_message_ends_at_both_ends() -> None:
    near, far = socketpair()
    ended = asyncio.Event()
    line = Line(Poor(fileno=near.detach()), lambda _: None, ended.set)
    line.send([b"first"])
    await asyncio.wait_for(ended.wait(), 10)
    with far, far.makefile("rb") as heard:
        assert heard.read() == b"fir"
