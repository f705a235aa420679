"""A GPU that hangs: nothing that asks it again would be answered.

error --described--> plain values; the end of the process, if the GPU gave no answer
"""

import logging
import os

from roadsight_service.processes import wire
from roadsight_service.processes.wire import Wrong

log = logging.getLogger(__name__)


def described(error: BaseException) -> Wrong:
    """An error of an inference as plain values; if the GPU hangs the engine ends, and with it all who wait."""
    if isinstance(error, TimeoutError):
        log.critical("the GPU did not answer in time; its process ends")
        os._exit(1)
    return wire.described(error)
