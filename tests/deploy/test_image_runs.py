"""What the service's image holds and does, without an engine: its steps done in a folder, its commands in a sandbox."""

import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

import image
import sandbox
from import_graph import ROOT
from pictures import encoded
from roadsight_client import Client, Unreachable
from roadsight_models import scene
from roadsight_models.draw import encode
from running import until

STAGES = image.read_stages(ROOT / "deploy" / "Dockerfile")
NOISE = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)
CPU = image.lineage(STAGES, "cpu")

pytestmark = pytest.mark.skipif(sandbox.unavailable() is not None, reason=f"{sandbox.unavailable()}")


class Image:
    """The built image and how to run something of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        libraries = image.link_libraries(root / "libraries")
        image.build(STAGES["build"], root, libraries)
        for stage in CPU:
            image.build(image.only_copies(stage), root, libraries)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = str(free.getsockname()[1])
        given = {"PYTHONPATH": str(libraries), "ROADSIGHT_PORT": self.port, "ROADSIGHT_LANES": "1"}
        self.environment = image.environment(CPU, root) | given
        self.entry = image.words(CPU, "ENTRYPOINT")

    def run(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        """Runs a command to its end."""
        shut = sandbox.sandboxed(command, self.root)
        return subprocess.run(
            shut, env=self.environment, cwd="/", capture_output=True, text=True, timeout=60, check=False
        )

    @contextmanager
    def serving(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Runs ENTRYPOINT and CMD until the block ends."""
        command = sandbox.sandboxed([*self.entry, *image.words(CPU, "CMD")], self.root)
        with subprocess.Popen(command, env=self.environment, cwd="/") as process:
            try:
                until(lambda: process.poll() is not None or self._answers(), 30)
                yield process
            finally:
                process.kill()

    def _answers(self) -> bool:
        try:
            with Client(self.url) as client:
                return client.ready()
        except Unreachable:
            return False

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def built() -> Iterator[Image]:
    with tempfile.TemporaryDirectory(prefix="image-", dir="/var/tmp") as place:  # /tmp is another one in there
        Path(place).chmod(0o755)
        yield Image(Path(place))


def test_the_image_holds_the_service_its_models_and_no_pip(built: Image) -> None:
    tools = {path.name for path in (built.root / "opt/roadsight/bin").iterdir()}
    assert "roadsight" in tools and "python" in tools
    assert not [name for name in tools if name.startswith("pip")]
    assert list((built.root / "opt/bundles").glob("*/*/manifest.json"))


def test_it_serves_with_no_place_to_write_but_tmp_and_no_rights_and_says_when_it_is_healthy(built: Image) -> None:
    health = image.words(CPU, "HEALTHCHECK")
    assert built.run(health).returncode != 0
    with built.serving() as process:
        assert capabilities(process.pid) == {0}
        assert built.run(health).returncode == 0
        drawn = scene.draw(3, signs=2, side=(40, 96))
        with Client(built.url) as client:
            answer = client.classify(encode(drawn), [sign.box for sign in drawn.signs], tasks=["traffic_sign"])
        assert [r.results[0].predictions[0].label for r in answer.regions] == [sign.label for sign in drawn.signs]
        large = {"frame": ("noise.png", encoded(NOISE), "image/png")}  # the form parser spools it to /tmp
        assert httpx.post(f"{built.url}/v1/classify", files=large, verify=False).status_code == 200
        camera = built.run([*built.entry, "drive", built.url, "--frames", "3", "--a-second", "50"])
        assert camera.stdout == "3 frames: 3 answered\n", camera.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert built.run(health).returncode != 0


def capabilities(pid: int) -> set[int]:
    """Every set of rights that a process has, as the kernel sees it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {int(line.split()[1], 16) for line in lines if line.startswith("Cap")}
