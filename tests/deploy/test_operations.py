"""docs/operations.md says of settings and files what is true."""

import re

import pytest
import yaml

from import_graph import ROOT
from roadsight_service.settings import Settings

PAGE = (ROOT / "docs" / "operations.md").read_text()
KNOWN = {f"ROADSIGHT_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        *("docs/api.md", "docs/operations.md", "docs/scale.md", "docs/training.md"),
        *("docker-compose.yml", "deploy/Dockerfile", "deploy/ray-serve/serve.yaml"),
    ],
)
def test_every_variable_that_it_names_is_a_setting(name: str) -> None:
    named = set(re.findall(r"ROADSIGHT_[A-Z_]+", (ROOT / name).read_text()))
    assert named and named <= KNOWN


def test_the_times_and_limits_that_it_names_are_those_of_the_manifests() -> None:
    base = ROOT / "deploy" / "kubernetes" / "base"
    pod = yaml.safe_load((base / "deployment.yaml").read_text())["spec"]["template"]["spec"]
    scaling = yaml.safe_load((base / "scaling.yaml").read_text())["spec"]
    compose = (ROOT / "docker-compose.yml").read_text()
    assert (
        f"{pod['terminationGracePeriodSeconds']} s in all; compose 35 s" in PAGE and "stop_grace_period: 35s" in compose
    )
    assert f"Kubernetes waits {pod['containers'][0]['lifecycle']['preStop']['sleep']['seconds']} s before" in PAGE
    wait_ms = float(scaling["triggers"][0]["metadata"]["threshold"]) * 1e3
    assert f"over {wait_ms:.0f} ms, from {scaling['minReplicaCount']} to {scaling['maxReplicaCount']};" in PAGE
