"""`roadsight demo`: the service at work, on road scenes that Roadsight draws.

roadsight serve (child) --ready--> scenes --Client--> answers --> table, until Ctrl-C
"""

import signal
import socket
import subprocess
import sys
from time import monotonic, sleep
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from roadsight_client import Answer, Client, Unreachable
from roadsight_models import scene
from roadsight_models.draw import encode

HOST = "127.0.0.1"
READY_WITHIN_S = 60
STOPPED_WITHIN_S = 30  # the service drains first
SEEDS = (3, 5, 8)
TASK = "traffic_sign"  # what is drawn are signs


def demo(port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to serve on.")] = 8080) -> None:
    """Starts the service, shows it three drawn frames, and goes on serving until Ctrl-C."""
    _check_free(port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # however it is ended, the service ends with it
    server = subprocess.Popen([sys.executable, "-m", "roadsight_models", "serve", "--host", HOST, "--port", str(port)])
    url = f"http://{HOST}:{port}"
    try:
        _await_ready(url, server)
        with Client(url, trust_env=False) as client:
            for seed in SEEDS:
                drawn = scene.draw(seed, signs=3, side=(40, 96))
                boxes = [sign.box for sign in drawn.signs]
                answer = client.classify(encode(drawn), boxes, tasks=[TASK], frame_id=f"scene-{seed}", top=3)
                _show(answer, [sign.label for sign in drawn.signs])
        Console(soft_wrap=True).print(
            f"\nServing on {url}  -  docs {url}/docs  -  metrics {url}/metrics  -  Ctrl-C stops"
        )
        sys.exit(server.wait())
    except KeyboardInterrupt:
        Console().print("stopped")
    finally:
        _stop(server)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _check_free(port: int) -> None:
    """Ends the demo where somebody else serves already: it must not show another's answers as its own."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            sys.exit(f"port {port} can't be had: {error.strerror}; another one: make run PORT=...")


def _await_ready(url: str, server: "subprocess.Popen[bytes]") -> None:
    until = monotonic() + READY_WITHIN_S
    with Client(url, timeout_s=1, trust_env=False) as client:
        while server.poll() is None and monotonic() < until and not _answers(client):
            sleep(0.1)
    if server.poll() is not None:
        sys.exit(f"the service stopped at its start with status {server.returncode}; its log above says why")
    if monotonic() >= until:
        sys.exit(f"the service was not ready within {READY_WITHIN_S} s")


def _answers(client: Client) -> bool:
    try:
        return client.ready()
    except Unreachable:
        return False


def _show(answer: Answer, drawn: list[str]) -> None:
    table = Table(title=f"{answer.frame.id}: {answer.frame.width} x {answer.frame.height}", title_justify="left")
    for heading in ("box", "status", "answer; * was drawn"):
        table.add_column(heading, overflow="fold")
    for region, label in zip(answer.regions, drawn, strict=True):
        for result in region.results:
            lines = [f"{p.probability:.4f} {p.label}{'*' * (p.label == label)}" for p in result.predictions]
            table.add_row(",".join(map(str, region.box)), result.status, "\n".join(lines))
    console = Console(soft_wrap=True)
    console.print(table)
    console.print("ms: " + "  ".join(f"{stage} {ms:.1f}" for stage, ms in answer.timings_ms.items()))
