"""Whose trace a request belongs to, as W3C's `traceparent` says.

headers --traceparent--> the header's value, if it is well-formed --trace_of--> 32 hexadecimal digits
"""

import re
from collections.abc import Iterable

# Version ff and ids of nothing but zeros are no trace.
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def traceparent(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The value of the header; None where there is none, or none that is well-formed."""
    for name, value in headers:
        if name == b"traceparent":
            return value.decode() if _TRACEPARENT.fullmatch(value) else None
    return None


def trace_of(parent: str) -> str:
    """The id of the trace."""
    return parent[3:35]
