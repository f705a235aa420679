"""The protocol over gRPC, in the serving process and on its event loop.

call --key--> message --read--> a method's answer --> message
     Unauthorized     DeadlineMissed, BadTensor, QueueFull, and what `OpenInference` raises: told as a status of gRPC
     Forbidden

Each method is registered as one that takes a stream, of which it reads one message: so a key is asked for before the
message is read, and a message that does not come has a deadline. On the wire there is no difference.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from http import HTTPStatus
from time import monotonic, perf_counter
from typing import Any

import grpc
from google.protobuf.json_format import ParseDict
from google.protobuf.message import DecodeError, Message

from roadsight_models.errors import BadParameter, BadTensor, DeadlineMissed, Draining, RoadsightError
from roadsight_service.access import Access
from roadsight_service.inference_protocol import statuses
from roadsight_service.inference_protocol.calls import INFER, METHODS, Caller
from roadsight_service.inference_protocol.messages import SERVICE, methods
from roadsight_service.inference_protocol.open_inference import OpenInference
from roadsight_service.metrics import GONE, Clock, Metrics
from roadsight_service.observed.requests import Requests
from roadsight_service.request_log import OURS, Problem
from roadsight_service.settings import Settings
from roadsight_service.trace import traceparent

Hold = Callable[[int], AbstractContextManager[None]]

log = logging.getLogger(__name__)
CLIENT_CLOSED_REQUEST = 499  # as `routes` count it
KEEPALIVE_MS = 30_000  # a peer that is silent so long is asked whether it lives
MORE_CALLS = 32  # than frames that may wait or be at work: health and the like
_MOST_LEFT_S = 1e9


class GrpcServer:
    """A port, and what answers there."""

    def __init__(
        self,
        protocol: OpenInference,
        access: Access,
        hold: Hold,
        metrics: Metrics,
        requests: Requests,
        settings: Settings,
    ) -> None:
        """Listens to nobody yet; see `listening`."""
        self._protocol, self._access, self._hold = protocol, access, hold
        self._metrics, self._requests, self._settings = metrics, requests, settings
        self._messages = methods()
        self._is_closing = False

    async def start(self) -> None:
        """Opens the port.

        Raises:
            BadParameter: somebody else has it.
        """
        most_calls = self._settings.queue_frames + self._settings.lanes + MORE_CALLS
        options = [
            ("grpc.max_receive_message_length", self._settings.max_body_bytes),
            ("grpc.max_send_message_length", -1),
            ("grpc.keepalive_time_ms", KEEPALIVE_MS),
            ("grpc.so_reuseport", 0),  # a port that is taken must be noticed
        ]
        self._server = grpc.aio.server(options=options, maximum_concurrent_rpcs=most_calls)
        handlers = {
            name: grpc.stream_unary_rpc_method_handler(
                partial(self._call, name), response_serializer=response.SerializeToString
            )
            for name, (_, response) in self._messages.items()
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        try:
            port = self._server.add_insecure_port(f"{host}:{self._settings.grpc_port}")
        except RuntimeError as error:
            raise BadParameter("ROADSIGHT_GRPC_PORT", f"can't listen: {error}") from error
        await self._server.start()
        log.info("gRPC on %s:%d", host, port)

    async def close(self, within_s: float) -> None:
        """Takes no more calls, and gives those that there are some time."""
        self._is_closing = True
        await self._server.stop(within_s)

    async def _call(self, name: str, _: Any, context: Any) -> Any:
        start, clock, status, problem = perf_counter(), Clock(), 200, None
        metadata = dict(context.invocation_metadata() or ())
        try:
            return await self._answer(name, metadata, context, clock)
        except asyncio.CancelledError:
            status = Draining.status if self._is_closing else CLIENT_CLOSED_REQUEST
            self._metrics.dropped(Draining.code if self._is_closing else GONE)
            raise
        except RoadsightError as error:
            status = error.status
            self._metrics.dropped(error.code)
            if status == HTTPStatus.INTERNAL_SERVER_ERROR:
                log.error("%s: %s", error.code, error, extra={"code": error.code})
                await context.abort(grpc.StatusCode.INTERNAL, OURS)
            problem = Problem(error.code, str(error))
            await context.abort(statuses.CODES[status], str(error))
        except Exception:
            status = 500
            log.exception("%s failed", name)
            await context.abort(grpc.StatusCode.INTERNAL, OURS)
        finally:
            if name == INFER:
                clock.observe(self._metrics)
            parent = traceparent([(b"traceparent", str(metadata.get("traceparent", "")).encode())])
            self._requests.note(f"/{SERVICE}/{name}", status, perf_counter() - start, parent, clock.spent, problem)

    async def _answer(self, name: str, metadata: dict[str, Any], context: Any, clock: Clock) -> Message:
        scope, answer = METHODS[name]
        request, response = self._messages[name]
        received, left_s = monotonic(), context.time_remaining()
        if scope is not None:
            self._access.check(metadata.get("authorization"), scope)
        with clock.stage("receive"):
            body = await self._body(context)
        with self._hold(len(body)):
            try:
                read = request.FromString(body)
            except DecodeError as error:
                raise BadTensor("the message can't be read") from error
            left_us = 0 if left_s is None or left_s > _MOST_LEFT_S else max(1, round(left_s * 1e6))
            camera = str(metadata.get("x-camera-id") or context.peer().rpartition(":")[0])
            said = await answer(self._protocol, read, Caller(camera, received, left_us, clock))
            return said if isinstance(said, Message) else ParseDict(said, response())

    async def _body(self, context: Any) -> bytes:
        try:
            async with asyncio.timeout(self._settings.default_deadline_ms / 1e3):
                body = await context.read()
        except TimeoutError as error:
            raise DeadlineMissed("the message had arrived") from error
        if not isinstance(body, bytes):
            raise BadTensor("the call has no message")
        return body
