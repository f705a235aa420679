"""A stream for who waits: `Streaming` runs on a thread of its own, and each step of it is waited for.

Streaming --event loop on a thread--> Seen, one after the other
"""

import asyncio
from collections.abc import Callable, Iterator
from threading import Thread

from roadsight_client.messages import Seen
from roadsight_client.streaming import Streaming


def waited(make: Callable[[], Streaming]) -> Iterator[Seen]:
    """Runs a stream until it ends, or who reads has enough.

    Raises:
        What `make` makes raises.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=_run, args=(loop,), name="roadsight-stream", daemon=True)
    thread.start()
    try:
        stream = asyncio.run_coroutine_threadsafe(make().__aenter__(), loop).result()
        while True:
            try:
                seen = asyncio.run_coroutine_threadsafe(stream.__anext__(), loop).result()
            except StopAsyncIteration:
                return
            yield seen
    finally:  # Ctrl-C may have come anywhere
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Runs a loop until it is stopped, and then ends what still runs on it."""
    loop.run_forever()
    loop.run_until_complete(_end())
    loop.close()


async def _end() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
