"""Whose trace a request belongs to, as W3C's `traceparent` says.

headers --trace_id--> 32 hexadecimal digits, or None
"""

import re
from collections.abc import Iterable

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def trace_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The trace id; None where there is no such header, or none that is well-formed."""
    for name, value in headers:
        if name == b"traceparent":
            found = _TRACEPARENT.fullmatch(value)
            return found[1].decode() if found else None
    return None
