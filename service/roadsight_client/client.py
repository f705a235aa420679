"""The clients: a method a question, which is written once, in `questions` and `bending`, for who waits and who awaits.

arguments --questions--> Question --Connection--> typed answer
"""

from collections.abc import Callable, Coroutine, Iterable, Iterator
from functools import wraps
from inspect import Parameter, signature
from typing import Any, Concatenate, ParamSpec, TypeVar, Unpack

from roadsight_client import bending, questions
from roadsight_client.connection import AsyncConnection, Connection
from roadsight_client.frames import CameraFrame
from roadsight_client.messages import Seen
from roadsight_client.questions import Asked, Question
from roadsight_client.streaming import Streaming
from roadsight_client.waiting import waited

P = ParamSpec("P")
Kind = TypeVar("Kind")


def _waits(question: Callable[P, Question[Kind]]) -> Callable[Concatenate[Connection, P], Kind]:
    """A method that takes what the question takes, and returns its answer."""

    @wraps(question)
    def method(self: Connection, /, *args: P.args, **kwargs: P.kwargs) -> Kind:
        return self.ask(question(*args, **kwargs))

    return _signed(method)


def _awaits(
    question: Callable[P, Question[Kind]],
) -> Callable[Concatenate[AsyncConnection, P], Coroutine[Any, Any, Kind]]:
    @wraps(question)
    async def method(self: AsyncConnection, /, *args: P.args, **kwargs: P.kwargs) -> Kind:
        return await self.ask(question(*args, **kwargs))

    return _signed(method)


Method = TypeVar("Method", bound=Callable[..., object])


def _signed(method: Method) -> Method:
    """`help` shows the parameters of the question, behind `self`."""
    own = signature(method)
    me = Parameter("self", Parameter.POSITIONAL_ONLY)
    vars(method)["__signature__"] = own.replace(parameters=[me, *own.parameters.values()])
    return method


class Client(Connection):
    """Asks one service, and waits for its answers; see `Service` for how it is made."""

    ready = _waits(questions.ready)
    models = _waits(questions.models)
    classify = _waits(questions.classify)
    robustness = _waits(bending.robustness)

    def stream(self, frames: Iterable[CameraFrame], patience_s: float = 30.0, **asked: Unpack[Asked]) -> Iterator[Seen]:
        """Sends what a camera sees on one connection, and tells what became of each frame, in order.

        Of a camera at most one frame waits at the service; a newer one takes its place, and it is `Superseded`.

        Args:
            frames: taken as they come; regions may differ from frame to frame.
            patience_s: how long the service may be away; it is connected to anew, ever less often.
            asked: tasks, version, top, suspicion and deadline_ms of every frame, as `classify` has them.

        Raises:
            Problem: the service refused the stream. What it says of a single frame is in its `Seen`.
            Unreachable: it was away for too long.
        """
        return waited(lambda: self._streaming(frames, patience_s, asked))


class AsyncClient(AsyncConnection):
    """The same for asyncio. The path of a frame is read on the event loop; a slow disk is better read beforehand."""

    ready = _awaits(questions.ready)
    models = _awaits(questions.models)
    classify = _awaits(questions.classify)
    robustness = _awaits(bending.robustness)

    def stream(self, frames: Iterable[CameraFrame], patience_s: float = 30.0, **asked: Unpack[Asked]) -> Streaming:
        """As `Client.stream`: `async for` in an `async with` block."""
        return self._streaming(frames, patience_s, asked)
