"""wrk, the compiled load generator: from PATH, or unpacked from its Debian packages, without root.

PATH --shutil.which--> wrk
apt-get download --dpkg -x--> .tools/wrk --> wrk
ToolMissing
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from roadsight_bench.debian import TOOLS, unpacked
from roadsight_bench.errors import ToolMissing

PACKAGES = ("wrk", "libluajit-5.1-2")
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
    root = unpacked("wrk", PACKAGES, _HINT, tools)
    libraries = ":".join(str(folder) for folder in (root / "usr" / "lib").iterdir())
    tool = Tool(str(root / "usr" / "bin" / "wrk"), os.environ | {"LD_LIBRARY_PATH": libraries})
    asked = [tool.path, "-v"]
    said = subprocess.run(asked, env=tool.environment, capture_output=True, text=True, check=False, timeout=10)
    if "wrk" not in said.stdout:  # its status is 1 even when all is well
        raise ToolMissing(f"{tool.path} does not run: {said.stderr.strip()}; {_HINT}")
    return tool
