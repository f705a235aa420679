"""The clients: a method a question, which is written once, in `questions` and `bending`, for who waits and who awaits.

arguments --questions--> Question --Connection--> typed answer
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import Parameter, signature
from typing import Any, Concatenate, ParamSpec, TypeVar

from roadsight_client import bending, questions
from roadsight_client.connection import AsyncConnection, Connection
from roadsight_client.questions import Question

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


class AsyncClient(AsyncConnection):
    """The same for asyncio. The path of a frame is read on the event loop; a slow disk is better read beforehand."""

    ready = _awaits(questions.ready)
    models = _awaits(questions.models)
    classify = _awaits(questions.classify)
    robustness = _awaits(bending.robustness)
