"""Reading a request's body: bounded in size, in time, and over all requests together.

socket --chunks--> Intake --> bytes, form fields
                   UnsupportedMediaType, TooLarge, DeadlineMissed, QueueFull, BadParameter
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from time import monotonic

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from roadsight_models import raw_layout
from roadsight_models.errors import BadParameter, DeadlineMissed, QueueFull, TooLarge, UnsupportedMediaType
from roadsight_service.metrics import Clock

FORM_TYPE = "multipart/form-data"
IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp", raw_layout.MEDIA_TYPE)
ACCEPTED = (*IMAGE_TYPES, FORM_TYPE)
FRAME_FIELD = "frame"
CONTENT_TYPE = "content_type"  # the field that a form's picture has its own content type in
MAX_FIELDS = 32  # every parameter and header of a route, and tasks by the dozen

Fields = Sequence[tuple[str, str]]  # name and value, in the order of the form
Read = tuple[bytes, Fields]  # the picture, and what else the form holds


class Intake:
    """Lets bodies in, and counts the bytes that all running requests hold."""

    def __init__(self, max_body_bytes: int, max_buffered_bytes: int) -> None:
        self._max_body, self._max_buffered = max_body_bytes, max_buffered_bytes
        self._buffered = 0

    @asynccontextmanager
    async def body(self, request: Request, deadline: float, clock: Clock) -> AsyncIterator[Read]:
        """Reads the body; its bytes count as held until the block ends.

        Raises:
            UnsupportedMediaType: neither a picture nor a form, by its content type; nothing was read.
            TooLarge: over the limit, told as soon as it is known.
            QueueFull: the bodies of all requests together are over their limit.
            DeadlineMissed: the body did not arrive in time.
            BadParameter: a form without the file `frame`, or one that can't be read.
        """
        kind = self._kind(request)
        held = 0

        async def receive() -> Message:
            nonlocal held
            message = await request.receive()
            size = len(message.get("body", b""))
            held += size
            self._buffered += size
            if held > self._max_body:
                raise TooLarge(f"the body is over {self._max_body} bytes")
            if self._buffered > self._max_buffered:
                raise QueueFull(f"{self._buffered} bytes of requests are held already")
            return message

        try:
            with clock.stage("receive"):
                read = await _read(request, receive, kind, deadline)
            yield read
        finally:
            self._buffered -= held

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Counts as held what came otherwise, a frame of a stream.

        Raises:
            QueueFull: as `body` does.
        """
        self._buffered += size
        try:
            if self._buffered > self._max_buffered:
                raise QueueFull(f"{self._buffered} bytes of requests are held already")
            yield
        finally:
            self._buffered -= size

    def _kind(self, request: Request) -> str:
        """The content type; refuses what can be refused before a byte is read."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in ACCEPTED:
            raise UnsupportedMediaType(f"{kind or 'no content type'}; accepted are: {', '.join(ACCEPTED)}")
        claimed = request.headers.get("content-length", "")
        if claimed.isdecimal() and int(claimed[:19]) > self._max_body:
            raise TooLarge(f"the body is over {self._max_body} bytes")
        return kind


async def _read(request: Request, receive: Receive, kind: str, deadline: float) -> Read:
    try:
        async with asyncio.timeout(deadline - monotonic()):
            if kind == FORM_TYPE:
                return await _form(Request(request.scope, receive))
            return await _picture(receive), ()
    except TimeoutError as error:
        raise DeadlineMissed("the body had arrived") from error


async def _picture(receive: Receive) -> bytes:
    chunks, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


async def _form(request: Request) -> Read:
    try:
        async with request.form(max_files=1, max_fields=MAX_FIELDS, max_part_size=1 << 17) as form:
            file = form.get(FRAME_FIELD)
            if not isinstance(file, UploadFile):
                raise BadParameter(FRAME_FIELD, "the form has no file of this name")
            if len(form.getlist(FRAME_FIELD)) > 1:
                raise BadParameter(FRAME_FIELD, "given more than once")
            fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
            fields += [(CONTENT_TYPE, file.content_type)] if file.content_type else []
            return await file.read(), fields
    except HTTPException as error:
        raise BadParameter("form", str(error.detail)) from error
    except UnicodeError as error:  # the content type may name any codec that Python has; some refuse all text
        raise BadParameter("form", "a part can't be read in the charset that the content type names") from error
