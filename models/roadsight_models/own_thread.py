"""A thread that does one thing after the other, for work that must stay on one thread.

    call --waits its turn--> the thread --> result
         TimeoutError

A CUDA graph can only be replayed by the thread that captured it: ONNX Runtime keeps them by thread, and would capture
them anew, with all that it costs, for each thread that asks.
"""

import weakref
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

Result = TypeVar("Result")
_Calls = SimpleQueue["tuple[Future[Any], Callable[[], Any]] | None"]


class OwnThread:
    """Its thread ends when nobody holds this any more, and never keeps the process alive."""

    def __init__(self, name: str) -> None:
        self._calls: _Calls = SimpleQueue()
        Thread(target=_serve, args=(self._calls,), name=name, daemon=True).start()
        weakref.finalize(self, self._calls.put, None)

    def call(self, work: Callable[[], Result], within_s: float) -> Result:
        """Does `work` on the thread, and waits for it.

        Raises:
            TimeoutError: it was not done in time; if it had not begun, it never will.
            Exception: what `work` raised.
        """
        future: Future[Result] = Future()
        self._calls.put((future, work))
        try:
            return future.result(within_s)
        except TimeoutError:
            future.cancel()
            raise
        finally:
            del future  # an error's traceback would hold it, and it the error, with all that the work had opened


def _serve(calls: _Calls) -> None:
    while call := calls.get():
        _do(*call)
        del call  # or it would keep alive what the work holds, this thread's owner among it


def _do(future: "Future[Any]", work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:  # belongs to whoever called; the thread lives on
        future.set_exception(error)
        del future, work  # as above
