"""The service on a real Ray cluster of two machines, one replica on each; the last test kills one of them."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

import colours
from running import RED_PNG, Wire, head, metric, post, until

LIFE_S = 240  # of the program, if nothing else ends it
KEY = "of a test"
AUTHORIZATION = f"Bearer {KEY}"
CLIENTS = 6


@dataclass
class Machines:
    """Both machines, as a client and as an operator have them."""

    url: str
    program: "subprocess.Popen[str]"

    def do(self, what: str) -> None:
        """Has the program do something, and waits until it is done."""
        assert self.program.stdin is not None
        self.program.stdin.write(f"{what}\n")
        self.program.stdin.flush()
        self.await_done()

    def await_done(self) -> None:
        """Waits until the program has done what it was told."""
        assert self.program.stdout is not None
        assert self.program.stdout.readline() == "done\n"

    def replicas(self) -> list[str]:
        """Where each replica has its metrics; none while one does not say."""
        said = httpx.get(f"{self.url}/metrics/replicas", timeout=20, verify=False)
        return [f"http://{target}" for group in said.json() for target in group["targets"]] if said.is_success else []

    def counted(self, series: str) -> list[float]:
        """What each replica has counted."""
        return [metric(replica, series) for replica in self.replicas()]


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("ray")
    colours.save(folder / "bundles")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    keys = {hashlib.sha256(KEY.encode()).hexdigest(): ["classify", "admin"]}
    settings = {"BUNDLES": str(folder / "bundles"), "LANES": "1", "KEYS": json.dumps(keys), "DRAIN_SECONDS": "1"}
    environment = {f"ROADSIGHT_{name}": value for name, value in settings.items()}
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "RAY_USAGE_STATS_ENABLED": "0"}
    command = [sys.executable, "-m", "ray_nodes", str(port)]
    with (
        open(folder / "log", "w") as log,
        subprocess.Popen(
            command,
            env=os.environ | paths | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as program,
    ):
        late = threading.Timer(LIFE_S, program.terminate)
        late.start()
        started = Machines(f"http://127.0.0.1:{port}", program)
        try:
            started.await_done()
            yield started
            assert program.stdin is not None
            program.stdin.close()
            assert program.wait(30) == 0
        finally:
            late.cancel()
            end(program)
            print((folder / "log").read_text())


def end(program: "subprocess.Popen[str]") -> None:
    """Ends it, so that it ends Ray's processes; if it does not, Ray's agents may live on."""
    program.terminate()
    try:
        program.wait(30)
    except subprocess.TimeoutExpired:
        program.kill()


def asked(machines: Machines, **changes: object) -> httpx.Response:
    return post(machines.url, Authorization=AUTHORIZATION, **changes)  # type: ignore[arg-type]


def test_answers_and_problems_are_those_of_one_service(machines: Machines) -> None:
    answer = asked(machines, X_Frame_Id="17")
    assert answer.json()["frame"]["id"] == "17"
    assert answer.json()["regions"][0]["results"][0]["predictions"][0]["label"] == "red"
    refused = asked(machines, body=b"no picture")
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_image")
    assert post(machines.url).status_code == 401


def test_both_take_frames_and_each_is_scraped_by_itself(machines: Machines) -> None:
    answered = 'roadsight_requests_total{code="200",route="/v1/classify"}'
    before = sum(machines.counted(answered))
    for _ in range(20):
        assert asked(machines).status_code == 200
    first, second = machines.counted(answered)
    assert first + second == before + 20
    assert min(first, second) > 0


def test_models_are_not_changed_on_one_replica_alone(machines: Machines) -> None:
    load = f"{machines.url}/v1/models/colour/load"
    told = httpx.post(load, json={}, headers={"Authorization": AUTHORIZATION}, verify=False)
    assert (told.status_code, told.json()["code"]) == (409, "load_unsupported")


def test_a_client_that_hangs_up_is_no_error(machines: Machines) -> None:
    def hang_up() -> bool:
        for body in (RED_PNG, RED_PNG[:20]):
            with Wire(machines.url) as camera:
                camera.send(head(Authorization=AUTHORIZATION), body)
        return sum(machines.counted('roadsight_requests_total{code="499"')) >= 10

    until(hang_up, 20)
    assert sum(machines.counted('roadsight_requests_total{code="5')) == 0
    assert sum(machines.counted('roadsight_frames_dropped_total{reason="draining"}')) == 0


@dataclass
class Load:
    """Clients that ask one frame after another, and what became of each."""

    machines: Machines
    ended: list[tuple[float, int]] = field(default_factory=list)  # when it was sent, and the status
    stopped: bool = False

    def __enter__(self) -> "Load":
        self._clients = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped = True
        for client in self._clients:
            client.join(30)

    def _ask(self) -> None:
        while not self.stopped:
            sent = time.monotonic()
            self.ended.append((sent, asked(self.machines).status_code))

    def after(self, when: float) -> int:
        """How many that were sent later have ended."""
        return sum(sent > when for sent, _ in self.ended)


def test_replicas_that_are_replaced_take_no_frame_with_them(machines: Machines) -> None:
    with Load(machines) as load:
        machines.do("deploy")
        deployed = time.monotonic()
        until(lambda: load.after(deployed) >= 20 * CLIENTS, 30)
    assert {status for _, status in load.ended} == {200}
    assert machines.counted("roadsight_queue_limit") == [32, 32]


def test_a_machine_that_dies_takes_with_it_only_the_frames_that_it_had(machines: Machines) -> None:
    with Load(machines) as load:
        until(lambda: load.after(0) >= 20 * CLIENTS, 30)
        assert {status for _, status in load.ended} == {200}
        machines.do("kill")
        killed = time.monotonic()
        until(lambda: load.after(killed) >= 20 * CLIENTS, 60)
    lost = [(sent - killed, status) for sent, status in load.ended if status != 200]
    assert all(sent < 0 for sent, _ in lost), lost
    assert len(lost) <= CLIENTS
    until(lambda: len(machines.replicas()) == 1, 60)
