"""A virtual environment for each peer, so that none forces its versions upon us or another.

requirements.txt --venv, pip--> .tools/peers/<name> --> its Python
PeerMissing
"""

import shutil
import subprocess
import sys
from pathlib import Path

from roadsight_bench.errors import PeerMissing
from roadsight_bench.peers.catalogue import SCRIPTS, Peer
from roadsight_bench.wrk import TOOLS

INSTALLED_WITHIN_S = 900


def install(peer: Peer, scripts: Path = SCRIPTS, tools: Path = TOOLS) -> Path:
    """Installs a peer unless it is there already; a changed requirements.txt installs it anew.

    Args:
        peer: which.
        scripts: the folder of all peers' folders.
        tools: where environments go.

    Returns:
        The environment's Python.

    Raises:
        PeerMissing: it can't be installed here; says why.
    """
    folder, wanted = tools / "peers" / peer.name, _wanted(scripts, peer)
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    interpreter = peer.python or sys.executable
    if not Path(interpreter).is_file():
        raise PeerMissing(f"{peer.name} needs {interpreter}, which is not there")
    shutil.rmtree(folder, ignore_errors=True)
    _run(peer, [interpreter, "-m", "venv", str(folder)])
    _run(peer, [str(python), "-m", "pip", "install", "-q", "-r", str(scripts / peer.name / "requirements.txt")])
    stamp.write_text(wanted)
    return python


def _wanted(scripts: Path, peer: Peer) -> str:
    """What is to be installed, with the file that the peers share."""
    files = (scripts / peer.name / "requirements.txt", scripts / "given.txt")
    return "".join(file.read_text() for file in files if file.is_file())


def _run(peer: Peer, command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALLED_WITHIN_S)
    except subprocess.TimeoutExpired as error:
        raise PeerMissing(f"{peer.name} was not installed within {INSTALLED_WITHIN_S} s") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise PeerMissing(f"{peer.name} can't be installed: {' '.join(said[-2:]) or done.stdout[-300:]}")
