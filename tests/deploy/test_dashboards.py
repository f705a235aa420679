"""The dashboards are what the code makes, and Grafana can find them."""

import json
from itertools import combinations

import yaml

from import_graph import ROOT
from roadsight_monitoring.__main__ import DEPLOY, files
from roadsight_monitoring.dashboards import DASHBOARDS
from roadsight_monitoring.panels import Panel

PANELS = [panel for board in DASHBOARDS for row in board.rows for panel in row]


def test_what_is_committed_is_what_make_monitoring_writes() -> None:
    boards = {path.relative_to(DEPLOY) for path in (DEPLOY / "grafana" / "dashboards").iterdir()}
    assert boards <= files().keys()
    assert {path: (DEPLOY / path).read_text() for path in files()} == files()


def test_every_panel_answers_a_question() -> None:
    assert all(panel.question.endswith(("?", ".")) and panel.lines for panel in PANELS)


def test_panels_do_not_overlap_and_fill_their_row() -> None:
    for board in DASHBOARDS:
        panels = json.loads(board.as_json())["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        places = [panel["gridPos"] for panel in panels]
        for one, other in combinations(places, 2):
            assert one["y"] != other["y"] or one["x"] + one["w"] <= other["x"]
        assert all(place["x"] + place["w"] <= 24 for place in places)


def test_a_limit_is_a_line_in_red() -> None:
    panel = Panel("Queue", "Is it full?", {"a": "up"}, limit=0.8).as_dict(1, 0, 0, 24)
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][-1] == {"color": "red", "value": 0.8}
    assert panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] == {"mode": "line"}


def test_grafana_looks_where_the_dashboards_are_mounted() -> None:
    provisioning = ROOT / "deploy" / "grafana" / "provisioning"
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "roadsight.yml").read_text())["providers"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert source["type"] == "prometheus"
