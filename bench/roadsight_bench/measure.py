"""One case, measured: limit and service in turn, round by round, so that what else the machine does falls on both.

bundle --rounds--> limit, c=4; limit, c=16; limit, c=64; overload --> Round(s)
       ProviderMissing  ServiceFailed, LoadFailed
"""

import time
from dataclasses import dataclass

from roadsight_bench import closed_loop, limit, open_loop, pictures, service
from roadsight_bench.cases import Case
from roadsight_bench.closed_loop import Closed
from roadsight_bench.errors import LoadFailed
from roadsight_bench.machine import cores
from roadsight_bench.requests import Request, written
from roadsight_bench.tally import Open
from roadsight_bench.wrk import Tool
from roadsight_models.bundle import Bundle
from roadsight_models.manifest import PrecisionName
from roadsight_models.providers import Asked as Provider
from roadsight_models.session import open_session

CONNECTIONS = (4, 16, 64)
OVERLOAD = 3.0  # times what the service could answer in the same round
DEADLINE_MS = 100.0
WARM_S = 1
SETTLE_S = 0.3  # for what the service still had in hand when its load ended


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
    session = open_session(bundle, provider, precision=precision)
    requests, lanes, root = [Request(body) for body in pictures.draw(case)], cores(), bundle.folder.parents[1]
    with written(requests) as paths, service.running(root, case.bundle, provider, precision, lanes) as served:
        url = f"{served.url}/v1/classify"

        def pair(connections: int) -> Pair:
            time.sleep(SETTLE_S)
            possible = limit.answers_per_second([session], requests, lanes, plan.limit_s)
            return Pair(possible, closed_loop.run(wrk, url, paths, connections, plan.closed_s))

        def overload(capacity: float) -> Overload:
            if not capacity:
                raise LoadFailed(f"{case.name}: the service answered nothing with 200")
            load = open_loop.Load(url, tuple(paths), OVERLOAD * capacity, plan.open_s, DEADLINE_MS)
            return Overload(capacity, open_loop.run(load))

        def one_round() -> Round:
            pairs = {connections: pair(connections) for connections in CONNECTIONS}
            served.check()
            found = Round(pairs, overload(max(pair.service.answers_per_s for pair in pairs.values())))
            served.check()
            return found

        try:
            closed_loop.run(wrk, url, paths, max(CONNECTIONS), WARM_S)
            return [one_round() for _ in range(plan.rounds)]
        except LoadFailed:
            served.check()  # that it has ended is the better reason
            raise
