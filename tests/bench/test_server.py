"""A server that is measured is a process; it is ready when it answers, and nothing of it stays."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from roadsight_bench import server
from roadsight_bench.errors import LoadFailed, ServiceFailed
from roadsight_bench.forms import base64_json, multipart, tensor
from roadsight_bench.server import Launch, free_url, running
from roadsight_bench.subject import subject
from roadsight_bench.wrk import Tool

HONEST = Path(__file__).with_name("honest.py")
FRAME = b"\xff\xd8 a frame \xff\xd9"


def honest(status: int = 200, answer: str = "[1.0]", **environment: str) -> Launch:
    url = free_url("/classify")
    command = (sys.executable, str(HONEST), str(urlsplit(url).port), str(status), answer)
    return Launch("an honest server", command, environment, url)


def test_it_is_ready_when_it_answers_and_the_answer_is_kept() -> None:
    with running(honest(answer="[0.25]"), FRAME) as served:
        served.check()
        served.settle()
        assert served.first.body == b"[0.25]"
    assert served.process.returncode is not None


def test_one_that_refuses_every_frame_is_never_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "READY_WITHIN_S", 0.5)
    with pytest.raises(ServiceFailed, match="an honest server had not answered"), running(honest(503), FRAME):
        pass


def test_one_that_ends_meanwhile_is_noticed() -> None:
    with running(honest(), FRAME) as served:
        served.process.kill()
        served.process.wait(20)
        with pytest.raises(ServiceFailed, match="status -9"):
            served.check()
        with pytest.raises(ServiceFailed, match="status -9"):
            served.settle()


def test_what_it_started_is_gone_with_it(tmp_path: Path) -> None:
    launch, note = honest(), tmp_path / "child"
    shell = f'sleep 60 & echo $! > {note}; exec "$@"'
    with running(Launch("a parent", ("sh", "-c", shell, "sh", *launch.command), {}, launch.url), FRAME):
        child = int(note.read_text())
        os.kill(child, 0)
    until = time.monotonic() + 10
    while _lives(child):
        assert time.monotonic() < until, "the child lives on"
        time.sleep(0.01)


def _lives(process: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")


def test_a_load_on_one_that_answers_nothing_is_no_load(tool: Tool) -> None:
    with subject(honest(), [FRAME], tool) as honest_one, pytest.raises(LoadFailed, match="answered nothing"):
        honest_one.open(0.0, 1.0)


def test_a_frame_survives_every_form() -> None:
    in_json = base64_json('{"image": "', '"}').wrap(FRAME)
    assert json.loads(in_json)["image"] == "/9ggYSBmcmFtZSD/2Q=="
    assert FRAME in multipart("image").wrap(FRAME)
    form = tensor("image")
    sent, size = form.wrap(FRAME), int(form.headers["Inference-Header-Content-Length"])
    assert sent[size:] == FRAME
    assert json.loads(sent[:size])["inputs"][0]["shape"] == [1, len(FRAME)]
