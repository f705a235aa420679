"""How a process that was just forked becomes what it is for. It ends with the process that forked it.

work --become--> done, and the process with it
"""

import ctypes
import logging
import os
import signal
from collections.abc import Callable
from typing import NoReturn

log = logging.getLogger(__name__)
_PR_SET_PDEATHSIG = 1  # sys/prctl.h


def become(what: str, work: Callable[[], None]) -> NoReturn:
    """Does the work, and never returns into what the parent was doing."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # also if it hangs
        work()
    except ConnectionError:  # whom it works for is gone
        os._exit(0)
    except BaseException:
        log.exception("%s failed", what)
        os._exit(1)
    os._exit(0)
