"""How log lines look. Everybody logs with `logging`; what is worth a field of its own in JSON goes in `extra`.

log record --console--> a line of text
           --json, structlog--> an object: timestamp, level, logger, event, and `FIELDS`
"""

import logging
from typing import Literal

Form = Literal["console", "json"]
FIELDS = ("route", "status", "code", "ms", "trace_id")
_CONSOLE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def begin(level: str, form: Form) -> None:
    """Sets up the log of this process, on standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(form))
    logging.basicConfig(level=level.upper(), handlers=[handler])


def formatter(form: Form) -> logging.Formatter:
    """What makes lines of records."""
    if form == "console":
        return logging.Formatter(_CONSOLE)
    import structlog  # noqa: PLC0415  (a tenth of a service's start, which who wants text need not wait for)

    library = structlog.stdlib
    return library.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            library.add_log_level,
            library.add_logger_name,
            library.ExtraAdder(FIELDS),
        ],
        processors=[
            library.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,  # the traceback alone: variables of a frame may hold its picture
            structlog.processors.JSONRenderer(),
        ],
    )
