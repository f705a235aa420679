"""The rules of deploy/prometheus for a cluster, where the Prometheus operator reads them from an object of its own.

rules/*.yml --groups--> PrometheusRule
"""

from pathlib import Path

import yaml

_HEAD = "# Of the Prometheus operator. `make monitoring` writes it from deploy/prometheus/rules.\n"


def prometheus_rule(folder: Path) -> str:
    """The YAML of the object, with the groups of every file in the folder."""
    groups = [group for path in sorted(folder.glob("*.yml")) for group in yaml.safe_load(path.read_text())["groups"]]
    made = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "roadsight"},
        "spec": {"groups": groups},
    }
    return _HEAD + yaml.safe_dump(made, sort_keys=False, width=120)
