"""How the application is served: by uvicorn, a connection of which is a `HttpProtocol`, or a stream.

application, settings --config--> uvicorn.Config --run--> until a signal comes
                                                  a socket that can't be had ends the process
"""

import sys
from contextlib import suppress

import uvicorn

from roadsight_service.app import Roadsight
from roadsight_service.protocol import HttpProtocol
from roadsight_service.settings import Settings
from roadsight_service.stream.message import MOST_HEAD_BYTES
from roadsight_service.stream_protocol import StreamProtocol

NOT_STARTED = 3  # what uvicorn's own command ends with


def config(app: Roadsight, settings: Settings) -> uvicorn.Config:
    """What uvicorn must know. Another server would not do: `HttpProtocol` tells the application more than ASGI does."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=HttpProtocol,
        ws=StreamProtocol,
        ws_max_size=settings.max_body_bytes + MOST_HEAD_BYTES,
        ws_per_message_deflate=False,  # pictures are compressed already
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whose turn a frame takes is not for a header to say
        timeout_graceful_shutdown=settings.drain_seconds,
    )


def run(app: Roadsight, settings: Settings) -> None:
    """Serves until a signal stops it."""
    server = uvicorn.Server(config(app, settings))
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(NOT_STARTED)
