"""What has time runs where nothing else wants to.

work that nobody is in a hurry for --give_way--> a core that would be idle, until another wants it
"""

import os
from contextlib import suppress

NICENESS = 19


def give_way(thread: int = 0) -> None:
    """Takes the lowest priority, for good: nobody gets back what he gave up, but a thread takes it along when it ends.

    A niceness alone would not do: the system puts one that wakes behind another at work, and beside a nice one at that.

    Args:
        thread: which, by its number in the system; the process that calls, if 0.
    """
    os.setpriority(os.PRIO_PROCESS, thread, NICENESS)
    with suppress(OSError):  # where a sandbox forbids it, the niceness must do
        os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))
