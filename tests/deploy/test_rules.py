"""The rules are valid, and their own tests pass; every alert has a runbook."""

import re
import subprocess

import yaml

from deploy.prometheus_server import FOLDER
from import_graph import ROOT
from roadsight_monitoring.prometheus import Prometheus

RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text()
ALERTS = yaml.safe_load((FOLDER / "rules" / "alerts.yml").read_text())["groups"][0]["rules"]


def promtool(programs: Prometheus, *arguments: str) -> None:
    done = subprocess.run([programs.promtool, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_the_configuration_and_its_rules(programs: Prometheus) -> None:
    promtool(programs, "check", "config", str(FOLDER / "prometheus.yml"))


def test_alerts_fire_for_their_trouble_and_for_nothing_else(programs: Prometheus) -> None:
    promtool(programs, "test", "rules", *map(str, sorted((FOLDER / "tests").glob("*.yml"))))


def test_every_alert_is_seen_firing_in_a_test() -> None:
    tested = (FOLDER / "tests" / "alerts.yml").read_text() + (FOLDER / "tests" / "drift.yml").read_text()
    assert {rule["alert"] for rule in ALERTS} == set(re.findall(r'alertname="(\w+)"', tested))


def test_every_alert_names_its_section_of_the_runbooks_and_every_section_has_an_alert() -> None:
    sections = re.findall(r"^## (Roadsight\w+)$", RUNBOOKS, re.MULTILINE)
    assert sections == [rule["alert"] for rule in ALERTS]
    for rule in ALERTS:
        assert rule["annotations"]["runbook"] == f"docs/runbooks.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}
