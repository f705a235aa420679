"""A zygote whose engine has the CPU for a GPU: everything of the GPU's way but the provider itself.

Only the engine is deceived: a lane that opened a session on a GPU would find none.
"""

import os
import sys
from collections.abc import Mapping
from mmap import mmap
from pathlib import Path
from socket import socket
from typing import Any

import pytest

from roadsight_service.processes import zygote
from roadsight_service.processes.engine import port

WITHOUT_GRAPHS = "not all nodes are on the GPU"
PATIENCE_S = 2.0
FALLS_BACK, DIES = "falls_back", "dies"  # names of engine caches, by which a test says what is wrong with its GPU
_work, _open = port._work, zygote._open


def work(line: socket, gone: mmap, given: Mapping[str, Any]) -> None:
    """The engine's, on a machine whose GPU is its CPU."""
    import fake_gpu  # noqa: PLC0415  (it loads ONNX Runtime, which the zygote must not have loaded)

    wrong = Path(given["engine_cache"] or "").name
    if wrong == DIES:
        os._exit(3)
    if wrong == FALLS_BACK:
        fake_gpu.fall_back(pytest.MonkeyPatch())
    else:
        fake_gpu.install(pytest.MonkeyPatch(), WITHOUT_GRAPHS)
    _work(line, gone, given)


def open_impatiently(*given: Any) -> Any:
    """The zygote's, for lanes that do not wait for half a minute."""
    from roadsight_service.processes.engine import hatch  # noqa: PLC0415  (as above)

    hatch.PATIENCE_S = PATIENCE_S
    return _open(*given)


if __name__ == "__main__":
    port._work = work
    zygote._open = open_impatiently  # type: ignore[assignment]  # it takes what that takes
    zygote.main(int(sys.argv[1]), int(sys.argv[2]), bool(int(sys.argv[3])), bool(int(sys.argv[4])))
