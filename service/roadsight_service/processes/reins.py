"""A process that has time is stopped where it stands while live frames need the machine.

is_busy --looked at every 2 ms--> SIGSTOP, SIGCONT

The lowest priority alone would not do: what runs on a core, however nice, keeps it from taking over a frame that waits
behind another.
"""

import asyncio
import signal
from collections.abc import Callable

LOOK_S = 0.002


async def wait_for_time(is_busy: Callable[[], bool]) -> None:
    """Waits before a process is begun at all: its birth can't be stopped."""
    while is_busy():
        await asyncio.sleep(LOOK_S)


async def hold(tell: Callable[[signal.Signals], None], is_busy: Callable[[], bool]) -> None:
    """Stops a process and lets it go on, until this is cancelled; then it goes on.

    Args:
        tell: sends it a signal.
        is_busy: whether live frames need the machine.
    """
    stands = False
    try:
        while True:
            if is_busy() != stands:
                stands = not stands
                tell(signal.SIGSTOP if stands else signal.SIGCONT)
            await asyncio.sleep(LOOK_S)
    finally:
        if stands:
            tell(signal.SIGCONT)
