"""One case, measured: limit and service in turn, round by round, so that what else the machine does falls on both.

bundle --rounds--> limit, c=4; limit, c=16; limit, c=64; overload --> Round(s)
       ProviderMissing  ServiceFailed, LoadFailed
"""

from collections.abc import Callable
from dataclasses import dataclass

from roadsight_bench import limit, pictures, service
from roadsight_bench.cases import Case
from roadsight_bench.closed_loop import Closed
from roadsight_bench.machine import cores
from roadsight_bench.requests import Request
from roadsight_bench.subject import Subject, subject
from roadsight_bench.tally import Open
from roadsight_bench.wrk import Tool
from roadsight_models.asked import Provider
from roadsight_models.bundle import Bundle
from roadsight_models.manifest import PrecisionName
from roadsight_models.session import open_session

CONNECTIONS = (4, 16, 64)
OVERLOAD = 3.0  # times what the service could answer in the same round


@dataclass(frozen=True)
class Plan:
    """How often and how long."""

    rounds: int
    limit_s: float
    closed_s: int
    open_s: float


FULL = Plan(rounds=5, limit_s=4.0, closed_s=4, open_s=4.0)
QUICK = Plan(rounds=1, limit_s=0.3, closed_s=1, open_s=1.0)


@dataclass(frozen=True)
class Pair:
    """The limit, and the service right after it."""

    limit_per_s: float
    service: Closed

    @property
    def ratio(self) -> float:
        """Answers of the service per answer of the loop without HTTP."""
        return self.service.answers_per_s / self.limit_per_s


@dataclass(frozen=True)
class Overload:
    """Three times the capacity of its round."""

    capacity_per_s: float
    service: Open

    @property
    def ratio(self) -> float:
        """Answers in time, as a share of what the service can answer when it is not overloaded."""
        return self.service.in_time_per_s / self.capacity_per_s


@dataclass(frozen=True)
class Round:
    """Every load once."""

    pairs: dict[int, Pair]  # by connections
    overload: Overload


def measure(
    case: Case, bundle: Bundle, provider: Provider, precision: PrecisionName, plan: Plan, wrk: Tool
) -> list[Round]:
    """Measures a case.

    Args:
        case: which pictures are sent.
        bundle: its network, in `<root>/<name>/<version>`.
        provider: what both the service and the limit run on.
        precision: in which the service and the limit alike compute it.
        plan: how often and how long.
        wrk: the load generator.

    Raises:
        ProviderMissing: this machine does not have the provider.
        ServiceFailed: the service did not start, or ended.
        LoadFailed: a load generator broke, or not one frame was answered.
    """
    session, lanes = open_session(bundle, provider, precision=precision), cores()
    requests = [Request(body) for body in pictures.draw(case)]
    a_core = 1 if provider == "cpu" else 2  # as the service has them by itself; its limit, too
    launch = service.launch(bundle.folder.parents[1], case.bundle, provider, precision, a_core * lanes)

    def possible() -> float:
        return limit.answers_per_second([session], requests, lanes, plan.limit_s)

    with subject(launch, requests, wrk) as ours:
        ours.warm()
        return [_round(ours, possible, plan) for _ in range(plan.rounds)]


def _round(ours: Subject, possible: Callable[[], float], plan: Plan) -> Round:
    pairs = {number: Pair(possible(), ours.closed(number, plan.closed_s)) for number in CONNECTIONS}
    capacity = max(pair.service.answers_per_s for pair in pairs.values())
    return Round(pairs, Overload(capacity, ours.open(OVERLOAD * capacity, plan.open_s)))
