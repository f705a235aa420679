"""wrk, the compiled load generator: from PATH, or unpacked from its Debian packages, without root.

PATH --shutil.which--> wrk
apt-get download --dpkg -x--> .tools/wrk --> wrk
ToolMissing
"""

import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from roadsight_bench.errors import ToolMissing

TOOLS = Path(__file__).parents[2] / ".tools"
PACKAGES = ("wrk", "libluajit-5.1-2")
FETCHED_WITHIN_S = 120
_HINT = "install wrk by hand so that it is on PATH (apt-get install wrk, brew install wrk)"


class Tool(NamedTuple):
    """How a program is started."""

    path: str
    environment: dict[str, str]


def find(tools: Path = TOOLS) -> Tool:
    """Finds wrk, or fetches it into `tools`.

    Raises:
        ToolMissing: it is not on PATH, and could not be fetched either; says what to do.
    """
    if path := shutil.which("wrk"):
        return Tool(path, dict(os.environ))
    root = tools / "wrk"
    if not root.is_dir():
        _fetch(root)
    libraries = ":".join(str(folder) for folder in (root / "usr" / "lib").iterdir())
    tool = Tool(str(root / "usr" / "bin" / "wrk"), os.environ | {"LD_LIBRARY_PATH": libraries})
    asked = [tool.path, "-v"]
    said = subprocess.run(asked, env=tool.environment, capture_output=True, text=True, check=False, timeout=10)
    if "wrk" not in said.stdout:  # its status is 1 even when all is well
        raise ToolMissing(f"{tool.path} does not run: {said.stderr.strip()}; {_HINT}")
    return tool


def _fetch(root: Path) -> None:
    """Downloads and unpacks the packages, whole or not at all."""
    if platform.system() != "Linux" or not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise ToolMissing(f"wrk is not on PATH, and this is no Debian that it could be fetched from; {_HINT}")
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as name:
        folder = Path(name)
        _run(["apt-get", "download", *PACKAGES], folder)
        for package in sorted(folder.glob("*.deb")):
            _run(["dpkg", "-x", package.name, "unpacked"], folder)
        if not root.is_dir():  # another process may have been faster
            (folder / "unpacked").rename(root)


def _run(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=FETCHED_WITHIN_S)
    except subprocess.CalledProcessError as error:
        raise ToolMissing(f"{' '.join(command)} failed: {error.stderr.strip()}; {_HINT}") from error
    except subprocess.TimeoutExpired as error:
        raise ToolMissing(f"{' '.join(command)} took over {FETCHED_WITHIN_S} s; {_HINT}") from error
