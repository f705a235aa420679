"""docs/metrics.md and what the service exposes are the same."""

import re
from typing import NamedTuple

from prometheus_client.metrics import MetricWrapperBase

from import_graph import ROOT
from roadsight_service.inference_protocol.statistics import ProtocolMetrics
from roadsight_service.loading.metrics import LoadMetrics
from roadsight_service.metrics import Metrics
from roadsight_service.observed.gpu import GpuCollector
from roadsight_service.robustness.metrics import CheckMetrics
from service.observed.driver import Driver

PAGE = (ROOT / "docs" / "metrics.md").read_text()


class Row(NamedTuple):
    kind: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...]


def listed() -> dict[str, Row]:
    """The page's rows, by name."""
    seconds = re.search(r"\*\*seconds\*\*: ([\d. ]+)\.\n", PAGE)
    assert seconds
    rows = {}
    for line in PAGE.splitlines():
        if line.startswith("| `roadsight_"):
            name, kind, labels, buckets, question = (cell.strip() for cell in line.strip("|").split("|"))
            assert "?" in question, name
            bounds = buckets.replace("seconds", seconds[1]).split()
            rows[name.strip("`")] = Row(kind, tuple(labels.replace("`", "").split()), tuple(map(float, bounds)))
    return rows


def exposed() -> dict[str, Row]:
    """What a service of everything exposes, by name."""
    metrics = Metrics()
    CheckMetrics(metrics.registry)
    LoadMetrics(metrics.registry)
    ProtocolMetrics(metrics.registry)
    metrics.registry.register(GpuCollector(Driver()))
    collectors = metrics.registry._collector_to_names
    rows = {}
    for each in collectors:
        if isinstance(each, MetricWrapperBase):
            name = each._name + ("_total" if each._type == "counter" else "")
            bounds = tuple(float(bound) for bound in getattr(each, "_kwargs", {}).get("buckets", ()))
            rows[name] = Row(str(each._type), tuple(each._labelnames), bounds)
        else:
            rows |= {family.name: Row(family.type, ("gpu",), ()) for family in each.collect()}
    return {name: row for name, row in rows.items() if name.startswith("roadsight_")}


def test_every_series_is_on_the_page_as_it_is_and_no_other() -> None:
    assert exposed() == listed()
