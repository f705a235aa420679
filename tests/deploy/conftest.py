"""One service under load and one Prometheus that scrapes it, for the tests of a module."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import colours
from deploy.prometheus_server import prometheus
from deploy.watched import PUBLISHED, WITHSTOOD, Watched, load
from roadsight_monitoring.prometheus import Prometheus, find
from running import launched


@pytest.fixture(scope="session")
def programs() -> Prometheus:
    """The real ones."""
    return find()


@pytest.fixture(scope="module")
def watched(programs: Prometheus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Both, after some seconds of load."""
    bundles, folder = tmp_path_factory.mktemp("bundles"), tmp_path_factory.mktemp("prometheus")
    colours.save(bundles, None, metrics=PUBLISHED, robustness=(WITHSTOOD,))
    colours.save(bundles, None, name="unmeasured", task="unmeasured")
    with (
        launched(bundles, ROADSIGHT_ROBUSTNESS_ENABLED="true", ROADSIGHT_PROVIDER="cpu") as (service, _),
        prometheus(programs, service, folder) as server,
        ThreadPoolExecutor(4) as pool,
    ):
        for _ in range(8):
            list(pool.map(lambda turn: load(service, turn), range(4)))
            time.sleep(0.5)  # Prometheus scrapes meanwhile: rates need more than one sample
        yield Watched(service, server)
