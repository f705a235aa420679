"""Prometheus and promtool: from PATH, or unpacked from their Debian package, without root.

PATH --shutil.which--> prometheus, promtool
apt-get download --dpkg -x--> .tools/prometheus --> the same
ToolMissing
"""

import shutil
from pathlib import Path
from typing import NamedTuple

from roadsight_bench.debian import TOOLS, unpacked

_HINT = "install it by hand so that prometheus and promtool are on PATH (apt-get install prometheus)"


class Prometheus(NamedTuple):
    """Paths of the two programs."""

    server: str
    promtool: str


def find(tools: Path = TOOLS) -> Prometheus:
    """Finds both, or fetches them into `tools`.

    Raises:
        ToolMissing: they are not on PATH, and could not be fetched either; says what to do.
    """
    server, promtool = shutil.which("prometheus"), shutil.which("promtool")
    if server and promtool:
        return Prometheus(server, promtool)
    programs = unpacked("prometheus", ["prometheus"], _HINT, tools) / "usr" / "bin"
    return Prometheus(str(programs / "prometheus"), str(programs / "promtool"))
