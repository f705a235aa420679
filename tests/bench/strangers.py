"""A peer that needs no package: its scripts say always the same, whatever they are sent."""

import json
from pathlib import Path

from roadsight_bench import limit
from roadsight_bench.peers.catalogue import Entry, Peer
from roadsight_bench.requests import Request
from roadsight_models.session import Session

HONEST = Path(__file__).with_name("honest.py")
_SCRIPT = """import os, sys
os.execv(sys.executable, [sys.executable, {honest!r}, os.environ["BENCH_PORT"], "200", {answer!r}])
"""


def stranger(scripts: Path, server: str = "[]", tutorial: str = "[]", requirements: str = "") -> Peer:
    """Writes its folder; `server` and `tutorial` are what it answers."""
    folder = scripts / "stranger"
    folder.mkdir()
    (folder / "requirements.txt").write_text(requirements)
    for row, answer in (("server", server), ("tutorial", tutorial)):
        (folder / f"{row}.py").write_text(_SCRIPT.format(honest=str(HONEST), answer=answer))
    return Peer("stranger", Entry("/classify"), Entry("/classify"), scripts=scripts)


def ours(session: Session, frame: bytes) -> list[float]:
    """Our probabilities, in the order of the labels."""
    ((judgement,),) = limit.answer([session], [Request(frame)])
    said = {one.index: one.probability for one in judgement.predictions}
    return [said[index] for index in range(len(session.manifest.labels))]


def in_json(*probabilities: float) -> str:
    """As the Open Inference Protocol would put them."""
    return json.dumps({"outputs": [{"name": "probabilities", "data": probabilities}]})
