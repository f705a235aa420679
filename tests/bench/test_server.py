"""A server that is measured is a process; it is ready when it answers, and nothing of it stays."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from roadsight_bench.errors import LoadFailed, ServiceFailed
from roadsight_bench.forms import base64_json, multipart, tensor
from roadsight_bench.launch import Launch, free_url
from roadsight_bench.requests import Request
from roadsight_bench.server import running
from roadsight_bench.subject import subject
from roadsight_bench.wrk import Tool

HONEST = Path(__file__).with_name("honest.py")
FRAME = b"\xff\xd8 a frame \xff\xd9"


def honest(status: int = 200, answer: str = "[1.0]") -> Launch:
    url = free_url("/classify")
    command = (sys.executable, str(HONEST), str(urlsplit(url).port), str(status), answer)
    return Launch("an honest server", command, {}, url)


def test_it_is_ready_when_it_answers_and_the_answer_is_kept() -> None:
    with running(honest(answer="[0.25]"), FRAME) as served:
        served.check()
        served.settle()
        assert served.first.body == b"[0.25]"
    assert served.process.returncode is not None


def test_one_that_refuses_every_frame_is_never_ready() -> None:
    launch = replace(honest(503), ready_within_s=0.5)
    with pytest.raises(ServiceFailed, match="an honest server had not answered"), running(launch, FRAME):
        pass


def test_one_that_ends_meanwhile_is_noticed() -> None:
    with running(honest(), FRAME) as served:
        served.process.kill()
        served.process.wait(20)
        with pytest.raises(ServiceFailed, match="status -9"):
            served.check()
        with pytest.raises(ServiceFailed, match="status -9"):
            served.settle()


def parent(note: Path) -> Launch:
    """An honest server that has started a process in a group of its own."""
    launch = honest()
    code = f"""import os, subprocess, sys
child = subprocess.Popen(["sleep", "60"], process_group=0)
open({str(note)!r}, "w").write(str(child.pid))
os.execv(sys.argv[1], sys.argv[1:])"""
    return Launch("a parent", (sys.executable, "-c", code, *launch.command), {}, launch.url)


def test_what_it_started_is_gone_with_it(tmp_path: Path) -> None:
    with running(parent(tmp_path / "child"), FRAME) as served:
        child = int((tmp_path / "child").read_text())
        assert os.getpgid(child) != os.getpgid(served.process.pid)
        assert _lives(child)
    until = time.monotonic() + 10
    while _lives(child):
        assert time.monotonic() < until, "the child lives on"
        time.sleep(0.01)


def test_none_of_its_processes_runs_while_it_is_paused(tmp_path: Path) -> None:
    with running(parent(tmp_path / "child"), FRAME) as served:
        both = (int((tmp_path / "child").read_text()), served.process.pid)
        with served.paused():
            assert [_state(one) for one in both] == ["T", "T"]
        served.settle()
        assert "T" not in [_state(one) for one in both]


def _lives(process: int) -> bool:
    return _state(process) not in ("", "Z")


def _state(process: int) -> str:
    asked = ["ps", "-o", "stat=", "-p", str(process)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()[:1]


def test_a_load_on_one_that_answers_nothing_is_no_load(tool: Tool) -> None:
    with subject(honest(), [Request(FRAME)], tool) as honest_one, pytest.raises(LoadFailed, match="answered nothing"):
        honest_one.open(0.0, 1.0)


def test_a_frame_survives_every_form() -> None:
    in_json = base64_json('{"image": "', '"}').wrap(FRAME)
    assert json.loads(in_json)["image"] == "/9ggYSBmcmFtZSD/2Q=="
    assert FRAME in multipart("image").wrap(FRAME)
    form = tensor("image")
    sent, size = form.wrap(FRAME), int(form.headers["Inference-Header-Content-Length"])
    assert sent[size:] == FRAME
    assert json.loads(sent[:size])["inputs"][0]["shape"] == [1, len(FRAME)]
