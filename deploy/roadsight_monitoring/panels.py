"""Panels, and how they become Grafana's JSON.

Panel(s) --Dashboard--> rows of equal panels --as_json--> the text of a file that Grafana provisions
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH, _HEIGHT = 24, 8  # of a row, in Grafana's units
_VARIABLE = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"}


@dataclass(frozen=True)
class Panel:
    """A question, and what answers it: an expression for each legend."""

    title: str
    question: str
    lines: dict[str, str]  # legend (with {{labels}}) to PromQL
    unit: Literal["s", "percentunit", "reqps", "short", "bytes", "watt", "celsius"] = "short"
    kind: Literal["timeseries", "stat", "table", "heatmap"] = "timeseries"
    limit: float | None = None  # where an alert draws its line
    exemplars: bool = False

    def as_dict(self, number: int, x: int, y: int, width: int) -> dict[str, Any]:
        """Grafana's form of it."""
        marks: list[dict[str, object]] = [{"color": "green", "value": None}]
        if self.limit is not None:
            marks.append({"color": "red", "value": self.limit})
        custom = {"thresholdsStyle": {"mode": "line"}} if self.kind == "timeseries" and self.limit is not None else {}
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.question,
            "datasource": _SOURCE,
            "gridPos": {"x": x, "y": y, "w": width, "h": _HEIGHT},
            "fieldConfig": {
                "defaults": {"unit": self.unit, "thresholds": {"mode": "absolute", "steps": marks}, "custom": custom},
                "overrides": [],
            },
            "targets": [self._target(i, legend, expr) for i, (legend, expr) in enumerate(self.lines.items())],
        }

    def _target(self, index: int, legend: str, expr: str) -> dict[str, Any]:
        at_once = self.kind in {"stat", "table"}
        form = {"timeseries": "time_series", "stat": "time_series", "table": "table", "heatmap": "heatmap"}[self.kind]
        return {
            "refId": chr(ord("A") + index),
            "datasource": _SOURCE,
            "expr": expr,
            "legendFormat": legend,
            "format": form,
            "instant": at_once,
            "range": not at_once,
            "exemplar": self.exemplars,
        }


@dataclass(frozen=True)
class Dashboard:
    """Rows of panels under a title."""

    uid: str
    title: str
    rows: tuple[tuple[Panel, ...], ...]

    def as_json(self) -> str:
        """The file that Grafana provisions."""
        panels = []
        for y, row in enumerate(self.rows):
            width = _WIDTH // len(row)
            panels += [each.as_dict(y * 10 + i + 1, i * width, y * _HEIGHT, width) for i, each in enumerate(row)]
        board = {
            "uid": self.uid,
            "title": self.title,
            "tags": ["roadsight"],
            "schemaVersion": 39,
            "editable": False,
            "refresh": "10s",
            "time": {"from": "now-1h", "to": "now"},
            "templating": {"list": [_VARIABLE]},
            "panels": panels,
        }
        return json.dumps(board, indent=1) + "\n"
