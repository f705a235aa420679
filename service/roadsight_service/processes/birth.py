"""How a zygote is started: a fresh interpreter, in surroundings in which it forks well.

a socket, shared memory --start_zygote--> process
                          OSError
"""

import os
import subprocess
import sys
from contextlib import suppress

MODULE = "roadsight_service.processes.cradle"
NICENESS = 5  # of the zygote and its lanes: the serving process, which keeps them busy, must not wait for them
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # only a process of one thread forks well
# In large pages, which only the first arena takes, a fork costs half as much.
_MALLOC = "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1"


def start_zygote(line: int, memory: int, patient: bool, on_gpu: bool) -> "subprocess.Popen[bytes]":
    """Starts a zygote, in a process group by which its lanes are found.

    Args:
        line: the descriptor of its socket to this process.
        memory: that of the bytes that lanes share with this process.
        patient: whether others serve meanwhile.
        on_gpu: whether another process is to hold the models.

    Raises:
        OSError: there is no memory or process for it.
    """
    command = [sys.executable, "-P", "-m", MODULE, str(line), str(memory), str(int(patient)), str(int(on_gpu))]
    path = os.pathsep.join(filter(None, sys.path))
    malloc = ":".join(filter(None, (os.environ.get("GLIBC_TUNABLES"), _MALLOC)))
    env = os.environ | {"PYTHONPATH": path, "GLIBC_TUNABLES": malloc} | _ONE_THREAD
    zygote = subprocess.Popen(command, pass_fds=(line, memory), stdin=subprocess.DEVNULL, env=env, process_group=0)
    with suppress(ProcessLookupError):  # it ended at once, as its socket tells
        os.setpriority(os.PRIO_PROCESS, zygote.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
    return zygote
