"""A virtual environment for each peer, so that none forces its versions upon us or another.

requirements.txt --venv, pip--> .tools/peers/<name> --> its Python
PeerMissing
"""

import shutil
import subprocess
from pathlib import Path

from roadsight_bench.debian import TOOLS
from roadsight_bench.errors import PeerMissing
from roadsight_bench.peers.catalogue import SCRIPTS, Peer

INSTALLED_WITHIN_S = 900


def install(peer: Peer, tools: Path = TOOLS) -> Path:
    """Installs a peer unless it is there already; a changed requirements.txt installs it anew.

    Args:
        peer: which.
        tools: where environments go.

    Returns:
        The environment's Python.

    Raises:
        PeerMissing: it can't be installed here; says why.
    """
    folder, requirements = tools / "peers" / peer.name, peer.scripts / peer.name / "requirements.txt"
    wanted = requirements.read_text() + (SCRIPTS / "given.txt").read_text()
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    if not Path(peer.python).is_file():
        raise PeerMissing(f"{peer.name} needs {peer.python}, which is not there")
    shutil.rmtree(folder, ignore_errors=True)
    _run(peer, [peer.python, "-m", "venv", str(folder)])
    _run(peer, [str(python), "-m", "pip", "install", "-q", "-r", str(requirements)])
    stamp.write_text(wanted)
    return python


def _run(peer: Peer, command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALLED_WITHIN_S)
    except subprocess.TimeoutExpired as error:
        raise PeerMissing(f"{peer.name} was not installed within {INSTALLED_WITHIN_S} s") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise PeerMissing(f"{peer.name} can't be installed: {' '.join(said[-2:]) or done.stdout[-300:]}")
