"""A service that speaks the Open Inference Protocol, and what its clients compare it with."""

import hashlib
import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt

import colours
from pictures import encoded, noise, whole_frame
from roadsight_models.frame import Pixels
from roadsight_models.preprocess import cut
from roadsight_models.probabilities import softmax
from roadsight_models.regions import whole
from running import launched
from service.processes.lanes import children, paused

GRAPH, CAMERA = "colours", "colours-jpeg"
TEMPERATURE = 2.5
MOST_BYTES = 100_000  # of a body, where a test says so
PICTURES = [noise(40, 30, seed) // (1, 2 + seed, 3) for seed in range(7)]
FILES = [encoded(picture.astype(np.uint8)) for picture in PICTURES]
CROPS: Pixels = np.concatenate(
    [
        cut(whole_frame(picture.astype(np.uint8)), [whole(40, 30)], colours.manifest().input).pixels
        for picture in PICTURES
    ]
)
KEYS = json.dumps(
    {hashlib.sha256(key.encode()).hexdigest(): scopes for key, scopes in
     (("admin", ["admin", "classify"]), ("car", ["classify"]), ("guest", []))}
)  # fmt: skip


@dataclass(frozen=True)
class House:
    """Where it listens."""

    url: str
    grpc: str
    process: "subprocess.Popen[str]"

    @property
    def address(self) -> str:
        """As clients of HTTP here want it."""
        return self.url.removeprefix("http://")

    def paused(self) -> AbstractContextManager[None]:
        """Lets no lane go on until the block ends."""
        (zygote,) = children(self.process.pid)
        return paused(children(zygote))

    def classified(self, file: bytes, **headers: str) -> npt.NDArray[np.float64]:
        """What `/v1/classify` says of a whole picture, float64 [K]."""
        answer = httpx.post(
            f"{self.url}/v1/classify?top=0", content=file, headers={"Content-Type": "image/png"} | headers
        )
        (result,) = answer.json()["regions"][0]["results"]
        return np.array([each["probability"] for each in sorted(result["predictions"], key=lambda one: one["index"])])


@contextmanager
def house(root: Path, **environment: str) -> Iterator[House]:
    """Runs `roadsight serve` on a CPU, with the colour bundle if there is none."""
    if not any(root.iterdir()):
        colours.save(root, temperature=TEMPERATURE)
    port = free_port()
    given = {"ROADSIGHT_PROVIDER": "cpu", "ROADSIGHT_LANES": "2", "ROADSIGHT_BATCH_CROPS": "8"}
    with launched(root, **given | {"ROADSIGHT_GRPC_PORT": str(port)} | environment) as (url, process):
        yield House(url, f"127.0.0.1:{port}", process)


def free_port() -> int:
    """One that nobody had a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def judged(logits: Any) -> npt.NDArray[np.float64]:
    """Probabilities as the manifest says how to get them."""
    return softmax(np.asarray(logits, np.float32), TEMPERATURE)
