"""Compressed bodies.

body, Content-Encoding --inflated--> body as it was
                       UnsupportedMediaType, TooLarge, BadTensor
"""

import zlib

from roadsight_models.errors import BadTensor, TooLarge, UnsupportedMediaType

_WINDOWS = {"gzip": 31, "deflate": 15}  # as zlib counts them: 16 more means gzip's frame around it


def check_encoding(encoding: str) -> None:
    """Raises UnsupportedMediaType for a way to compress that is not known here."""
    if encoding not in (*_WINDOWS, "identity"):
        raise UnsupportedMediaType(f"Content-Encoding {encoding[:40]!r}; accepted are: {', '.join(_WINDOWS)}")


def inflated(body: bytes, encoding: str, most: int) -> bytes:
    """Inflates a body; takes time for a large one, and holds no lock of the interpreter meanwhile.

    Args:
        body: compressed.
        encoding: one that `check_encoding` let pass.
        most: bytes that it may grow to; not one more is made.

    Raises:
        TooLarge: it would grow beyond.
        BadTensor: it is damaged, breaks off, or something stands behind it.
    """
    stream = zlib.decompressobj(_WINDOWS[encoding])
    try:
        grown = stream.decompress(body, most)
        if not stream.eof and stream.decompress(stream.unconsumed_tail, 1):
            raise TooLarge(f"the body grows beyond {most} bytes")
    except zlib.error as error:
        raise BadTensor(f"the body is no {encoding}: {error}") from error
    if not stream.eof or stream.unused_data:
        raise BadTensor(f"the {encoding} {'has something behind it' if stream.eof else 'breaks off'}")
    return grown
