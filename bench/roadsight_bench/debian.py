"""Programs that Debian has, unpacked from their packages without root.

packages --apt-get download--> *.deb --dpkg -x--> .tools/<name>/usr/...
                               ToolMissing
"""

import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from roadsight_bench.errors import ToolMissing

TOOLS = Path(__file__).parents[2] / ".tools"
FETCHED_WITHIN_S = 120


def unpacked(name: str, packages: Sequence[str], hint: str, tools: Path = TOOLS) -> Path:
    """Unpacks packages into `tools`, whole or not at all, once.

    Args:
        name: of the folder, and of what is missing if this fails.
        packages: of Debian.
        hint: how a person gets it otherwise.
        tools: where such folders lie.

    Returns:
        The folder; `usr` is in it.

    Raises:
        ToolMissing: this is no Debian, or the download failed; says what to do.
    """
    root = tools / name
    if root.is_dir():
        return root
    if platform.system() != "Linux" or not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise ToolMissing(f"{name} is not on PATH, and this is no Debian that it could be fetched from; {hint}")
    tools.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(tools / f"{name}.lock", timeout=2 * FETCHED_WITHIN_S):  # who comes second, waits
            if not root.is_dir():
                _fetch(packages, hint, root)
    except Timeout as error:
        raise ToolMissing(f"another process has not fetched {name} in time; {hint}") from error
    return root


def _fetch(packages: Sequence[str], hint: str, root: Path) -> None:
    with tempfile.TemporaryDirectory(dir=root.parent) as temporary:
        folder = Path(temporary)
        _run(["apt-get", "download", *packages], folder, hint)
        for package in sorted(folder.glob("*.deb")):
            _run(["dpkg", "-x", package.name, "unpacked"], folder, hint)
        (folder / "unpacked").rename(root)


def _run(command: list[str], folder: Path, hint: str) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=FETCHED_WITHIN_S)
    except subprocess.CalledProcessError as error:
        raise ToolMissing(f"{' '.join(command)} failed: {error.stderr.strip()}; {hint}") from error
    except subprocess.TimeoutExpired as error:
        raise ToolMissing(f"{' '.join(command)} took over {FETCHED_WITHIN_S} s; {hint}") from error
