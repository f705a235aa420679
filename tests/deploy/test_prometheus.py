"""A real Prometheus scrapes the real service under load: every expression of rules and dashboards means something."""

import re

import pytest
import yaml

from deploy.prometheus_server import FOLDER, Server
from deploy.watched import TRACE, Watched
from roadsight_monitoring.dashboards import DASHBOARDS
from running import until

RULES = [
    rule
    for path in sorted((FOLDER / "rules").glob("*.yml"))
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
]
LINES = sorted({line for board in DASHBOARDS for row in board.rows for panel in row for line in panel.lines.values()})
NO_GPU_HERE = "roadsight_gpu_"


def always(alert: str) -> str:
    """An alert's condition as a value that is there, 0 or 1, where it does not hold."""
    return re.sub(r"(==|>|<)", r"\1 bool", alert)


def has_data(server: Server, expression: str) -> bool:
    return bool(server.query(expression))


@pytest.mark.parametrize("record", [rule["record"] for rule in RULES if "record" in rule])
def test_every_recorded_series_is_there(watched: Watched, record: str) -> None:
    until(lambda: has_data(watched.server, record), 15)


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_a_dashboard_has_data(watched: Watched, line: str) -> None:
    if NO_GPU_HERE in line:
        assert not has_data(watched.server, line)  # but it can be evaluated
    else:
        until(lambda: has_data(watched.server, line), 15)


@pytest.mark.parametrize("alert", [rule["alert"] for rule in RULES if "alert" in rule])
def test_every_alert_looks_at_series_that_are_there(watched: Watched, alert: str) -> None:
    (rule,) = [rule for rule in RULES if rule.get("alert") == alert]
    until(lambda: has_data(watched.server, always(rule["expr"])), 15)


def test_prometheus_evaluates_every_rule_without_an_error(watched: Watched) -> None:
    def rules() -> list[dict[str, str]]:
        return [rule for group in watched.server.get("rules")["groups"] for rule in group["rules"]]

    until(lambda: all(rule["health"] == "ok" for rule in rules()), 15)
    assert len(rules()) == len(RULES)


def test_a_camera_that_is_stuck_is_seen_and_a_model_that_nobody_measured(watched: Watched) -> None:
    until(lambda: watched.server.query("roadsight_cameras_frozen")[0]["value"][1] == "1", 15)

    def pending() -> set[str]:
        return {alert["labels"]["alertname"] for alert in watched.server.get("alerts")["alerts"]}

    until(lambda: {"RoadsightCameraFrozen", "RoadsightAccuracyUnknown"} <= pending(), 15)
    assert not {"RoadsightDown", "RoadsightNotReady", "RoadsightRunsOnCpu", "RoadsightLanesLost"} & pending()


def test_an_outlier_leads_to_its_trace(watched: Watched) -> None:
    def traces() -> set[str]:
        series = 'roadsight_request_seconds_bucket{route="/v1/classify"}'
        found = watched.server.get("query_exemplars", query=series, start=0, end=4e9)
        return {exemplar["labels"]["trace_id"] for each in found for exemplar in each["exemplars"]}

    until(lambda: traces() == {TRACE}, 15)
