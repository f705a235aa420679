"""Which peers there are, and how each is asked.

name, row, Python, bundle, precision --launch--> Launch
"""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from roadsight_bench.forms import RAW, Form, base64_json, multipart, tensor
from roadsight_bench.launch import Launch, free_url
from roadsight_bench.machine import cores
from roadsight_models.manifest import PrecisionName

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "bench" / "peers"
REFUSED = (408, 429, 503, 504)  # what peers say when they will not answer

Row = Literal["server", "tutorial"]
ROWS: tuple[Row, ...] = ("server", "tutorial")


@dataclass(frozen=True)
class Entry:
    """Where a row's frames go, in which form, and what the peer's process needs in its environment."""

    path: str
    form: Form = RAW
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """A server of somebody else's."""

    name: str
    server: Entry
    tutorial: Entry
    python: str = sys.executable  # the interpreter that its environment is made with
    scripts: Path = SCRIPTS  # where its folder is


_OPEN_PROTOCOL = base64_json(
    '{"inputs": [{"name": "frame", "shape": [1], "datatype": "BYTES", "data": ["',
    '"], "parameters": {"content_type": "base64"}}]}',
)
_TRITON = "/v2/models/classify/infer"
_KSERVE = "/v1/models/classify:predict"
_UNNAMED_TENSOR = Form({"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": "0"}, RAW.wrap)

PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            "litserve", Entry("/predict", multipart("frame")), Entry("/predict", base64_json('{"image_data": "', '"}'))
        ),
        Peer("mosec", Entry("/inference"), Entry("/inference", base64_json('{"image": "', '"}'))),
        Peer("bentoml", Entry("/classify"), Entry("/classify", multipart("image"))),
        Peer("kserve", Entry(_KSERVE), Entry(_KSERVE, base64_json('{"instances": [{"image": {"b64": "', '"}}]}'))),
        Peer("mlserver", Entry("/classify"), Entry("/v2/models/classify/infer", _OPEN_PROTOCOL)),
        # Its stub is linked with libpython: the interpreter must be the one that the system's library belongs to.
        Peer("pytriton", Entry(_TRITON, _UNNAMED_TENSOR), Entry(_TRITON, tensor("image")), python="/usr/bin/python3"),
        Peer("ray_serve", Entry("/classify", environment={"RAY_SERVE_THROUGHPUT_OPTIMIZED": "1"}), Entry("/classify")),
    )
}


def launch(
    peer: Peer, row: Row, python: Path, bundle: Path, precision: PrecisionName, deadline_ms: float | None
) -> Launch:
    """How a row is started.

    Args:
        peer: whose.
        row: which of its scripts.
        python: of the peer's environment.
        bundle: the folder of a version.
        precision: of its graphs.
        deadline_ms: what the peer may shed for, if it can; None: it answers whatever comes.
    """
    entry: Entry = getattr(peer, row)
    url = free_url(entry.path)
    environment = entry.environment | {
        "BENCH_BUNDLE": str(bundle.absolute()),
        "BENCH_CORES": str(cores()),
        "BENCH_PRECISION": precision,
        "BENCH_PORT": str(urlsplit(url).port),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT / 'models'}{os.pathsep}{SCRIPTS}",
    }
    if deadline_ms is not None:
        environment["BENCH_DEADLINE_MS"] = str(deadline_ms)
    command = (str(python), str(peer.scripts / peer.name / f"{row}.py"))
    return Launch(f"{peer.name}'s {row}", command, environment, url, entry.form)
