"""A zygote that fails to fork once, after its first lanes: as where there are too many processes for a moment."""

import errno
import os
import sys
from itertools import count

from roadsight_service.processes.zygote import main

LANES = 2
_births = count(1)
_fork = os.fork


def fork() -> int:
    """Fails once, after the first lanes."""
    if next(_births) == LANES + 1:
        raise BlockingIOError(errno.EAGAIN, "no process left")
    return _fork()


if __name__ == "__main__":
    os.fork = fork
    main(int(sys.argv[1]), int(sys.argv[2]), bool(int(sys.argv[3])), bool(int(sys.argv[4])))
