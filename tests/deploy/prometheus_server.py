"""A real Prometheus on loopback, with the configuration of the house at a test's pace, and what tests ask it."""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from import_graph import ROOT
from roadsight_monitoring.prometheus import Prometheus
from running import until

FOLDER = ROOT / "deploy" / "prometheus"
Series = list[dict[str, Any]]


def configuration(service: str) -> str:
    """prometheus.yml, but for the target, the pace, and where the rules lie."""
    text = (FOLDER / "prometheus.yml").read_text()
    changes = {
        r"roadsight:8080": service.removeprefix("http://"),
        r"_interval: \d+s": "_interval: 500ms",
        r"rules/": f"{FOLDER}/rules/",
    }
    for old, new in changes.items():
        text, count = re.subn(old, new, text)
        assert count, old
    return text


class Server:
    """What tests ask it."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str, **parameters: object) -> Any:
        """The data of one answer of its API; fails on what it can't evaluate."""
        answer = self._client.get(f"/api/v1/{path}", params=parameters).json()  # type: ignore[arg-type]
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]

    def query(self, expression: str) -> Series:
        """What an expression gives now."""
        found: Series = self.get("query", query=expression)["result"]
        return found


@contextmanager
def prometheus(programs: Prometheus, service: str, folder: Path) -> Iterator[Server]:
    """Runs it until the block ends."""
    (folder / "prometheus.yml").write_text(configuration(service))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [programs.server, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    command += [f"--web.listen-address={address}", "--enable-feature=exemplar-storage", "--log.level=warn"]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            until(lambda: _is_ready(process, address, folder), 20)
            with httpx.Client(base_url=f"http://{address}", timeout=10) as client:
                server = Server(client)
                until(lambda: bool(server.query("up == 1")), 20)  # it looks for targets every five seconds
                yield server
        finally:
            process.kill()


def _is_ready(process: "subprocess.Popen[bytes]", address: str, folder: Path) -> bool:
    assert process.poll() is None, (folder / "log").read_text()
    try:
        return httpx.get(f"http://{address}/-/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
