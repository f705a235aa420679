"""Reading a request's body: bounded in size, in time, and over all requests together.

socket --chunks--> Intake --> bytes, form fields
                   UnsupportedMediaType, TooLarge, DeadlineMissed, QueueFull, BadParameter
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from roadsight_models import raw_layout
from roadsight_models.errors import BadParameter, DeadlineMissed, QueueFull, TooLarge, UnsupportedMediaType
from roadsight_service.metrics import Clock
from roadsight_service.protocol import CALLER, Caller

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
        self.max_body, self.max_buffered = max_body_bytes, max_buffered_bytes
        self.buffered = 0

    def body(self, request: Request, deadline: float, clock: Clock, any_kind: bool = False) -> "_Body":
        """A block that reads the body at its beginning; its bytes count as held until the block ends.

        Args:
            request: whose body it is.
            deadline: when it must be there, on the monotonic clock.
            clock: gets the seconds that it took.
            any_kind: takes it as it is, whatever its content type says.

        Raises:
            UnsupportedMediaType: neither a picture nor a form, by its content type; nothing was read.
            TooLarge: over the limit, told as soon as it is known.
            QueueFull: the bodies of all requests together are over their limit.
            DeadlineMissed: the body did not arrive in time.
            BadParameter: a form without the file `frame`, or one that can't be read.
        """
        return _Body(self, request, deadline, clock, any_kind)

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Counts bytes that came on another way, or grew, as held until the block ends.

        Raises:
            QueueFull: the bodies of all requests together are over their limit.
        """
        self.buffered += size
        try:
            self.check_buffered()
            yield
        finally:
            self.buffered -= size

    def check_buffered(self) -> None:
        """Raises QueueFull if the bodies of all requests together are over their limit."""
        if self.buffered > self.max_buffered:
            raise QueueFull(f"{self.buffered} bytes of requests are held already")

    def kind(self, request: Request, any_kind: bool) -> str:
        """The content type; refuses what can be refused before a byte is read."""
        headers: dict[bytes, bytes] = dict(reversed(request.scope["headers"]))  # of equal names the first counts
        kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
        if any_kind:
            kind = ""
        elif kind not in ACCEPTED:
            raise UnsupportedMediaType(f"{kind[:40] or 'no content type'}; accepted are: {', '.join(ACCEPTED)}")
        claimed = headers.get(b"content-length", b"").decode("latin-1")
        if claimed.isdecimal() and int(claimed[:19]) > self.max_body:
            raise TooLarge(f"the body is over {self.max_body} bytes")
        return kind


class _Body:
    """One body."""

    def __init__(self, intake: Intake, request: Request, deadline: float, clock: Clock, any_kind: bool) -> None:
        self._intake, self._request, self._deadline, self._clock = intake, request, deadline, clock
        self._any_kind = any_kind
        self._held = 0

    async def __aenter__(self) -> Read:
        try:
            kind = self._intake.kind(self._request, self._any_kind)
            with self._clock.stage("receive"):
                return await self._read(kind)
        except BaseException:
            self._release()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._release()

    def _release(self) -> None:
        self._intake.buffered -= self._held

    async def _read(self, kind: str) -> Read:
        caller: Caller | None = self._request.scope.get(CALLER)
        if kind != FORM_TYPE and caller is not None and (body := caller.take_body()) is not None:
            self._hold(len(body))
            return body, ()
        try:
            async with asyncio.timeout(self._deadline - monotonic()):
                if kind == FORM_TYPE:
                    return await _form(Request(self._request.scope, self._receive))
                return await _picture(self._receive), ()
        except TimeoutError as error:
            raise DeadlineMissed("the body had arrived") from error

    async def _receive(self) -> Message:
        message = await self._request.receive()
        self._hold(len(message.get("body", b"")))
        return message

    def _hold(self, size: int) -> None:
        self._held += size
        self._intake.buffered += size
        if self._held > self._intake.max_body:
            raise TooLarge(f"the body is over {self._intake.max_body} bytes")
        self._intake.check_buffered()


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
