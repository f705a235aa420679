"""`python -m roadsight_monitoring`: writes deploy/grafana/dashboards/ anew.

DASHBOARDS --files--> name, text --write--> deploy/grafana/dashboards/*.json
"""

from pathlib import Path

from roadsight_monitoring.dashboards import DASHBOARDS

FOLDER = Path(__file__).parents[1] / "grafana" / "dashboards"


def files() -> dict[str, str]:
    """The text of each file, by its name."""
    return {f"{board.uid}.json": board.as_json() for board in DASHBOARDS}


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text)
