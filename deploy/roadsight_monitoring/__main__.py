"""`python -m roadsight_monitoring`: writes anew what is made by code under deploy/.

DASHBOARDS                    --files--> path, text --write--> deploy/grafana/dashboards/*.json
deploy/prometheus/rules/*.yml                                  deploy/kubernetes/base/rules.yaml
"""

from pathlib import Path

from roadsight_monitoring.dashboards import DASHBOARDS
from roadsight_monitoring.kubernetes_rules import prometheus_rule

DEPLOY = Path(__file__).parents[1]


def files() -> dict[Path, str]:
    """The text of each file, by its path under deploy/."""
    boards = {Path("grafana", "dashboards", f"{board.uid}.json"): board.as_json() for board in DASHBOARDS}
    return boards | {Path("kubernetes", "base", "rules.yaml"): prometheus_rule(DEPLOY / "prometheus" / "rules")}


if __name__ == "__main__":
    for path, text in files().items():
        (DEPLOY / path).write_text(text)
