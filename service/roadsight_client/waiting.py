"""A stream for who waits: `Streaming` runs on a thread of its own, and each step of it is waited for.

Streaming --event loop on a thread--> Seen, one after the other
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread

from roadsight_client.messages import Seen
from roadsight_client.streaming import Streaming


def waited(make: Callable[[], Streaming]) -> Iterator[Seen]:
    """Runs a stream until it ends, or who reads has enough.

    Raises:
        What `make` makes raises.
    """
    with _loop() as loop:
        stream = make()
        asyncio.run_coroutine_threadsafe(stream.__aenter__(), loop).result()
        step: Future[Seen] | None = None
        try:
            while True:
                step = asyncio.run_coroutine_threadsafe(stream.__anext__(), loop)
                try:
                    seen = step.result()
                except StopAsyncIteration:
                    return
                yield seen
        finally:
            if step is not None:
                step.cancel()  # Ctrl-C may come while it is waited for
            asyncio.run_coroutine_threadsafe(stream.__aexit__(None, None, None), loop).result()


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs on a thread until the block ends."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="roadsight-stream", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
