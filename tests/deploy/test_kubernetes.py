"""The Kubernetes overlays: built by kustomize, valid by the API's own schemas, of one piece."""

from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.keda.v1alpha1 import ScaledObject
from cloudcoil.models.prometheus_operator.v1 import PrometheusRule, ServiceMonitor
from pydantic import BaseModel

from cluster import FOLDER, Object, each_overlay, needs_kubectl, objects, pod
from import_graph import ROOT

VERSIONS = ("1.30", "1.37")  # the first with `sleep` before a stop by default, and the newest whose schema is at hand
CUSTOM: dict[str, type[BaseModel]] = {
    "ServiceMonitor": ServiceMonitor,
    "PrometheusRule": PrometheusRule,
    "ScaledObject": ScaledObject,
}

pytestmark = needs_kubectl


def fits_model(wanted: Object) -> None:
    """Raises unless the kind's published schema knows every field, with such a value."""
    model = CUSTOM[wanted["kind"]]
    known = model.model_validate(wanted).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert known == wanted  # it would drop a field that it does not know


@pytest.mark.parametrize("version", VERSIONS)
@each_overlay
def test_every_object_is_valid_by_the_schemas(overlay: str, version: str) -> None:
    for kind, each in objects(overlay).items():
        if kind in CUSTOM:
            fits_model(each)
        else:
            kubernetes_validate.validate(each, version, strict=True)


def test_a_fault_would_be_found() -> None:
    deployment = yaml.safe_load(yaml.safe_dump(objects("cpu")["Deployment"]))
    deployment["spec"]["template"]["spec"]["containers"][0]["readinessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, VERSIONS[-1], strict=True)
    monitor = yaml.safe_load(yaml.safe_dump(objects("cpu")["ServiceMonitor"]))
    monitor["spec"]["endpoints"][0]["intervall"] = "15s"
    with pytest.raises(AssertionError):
        fits_model(monitor)


@each_overlay
def test_all_of_it_is_there(overlay: str) -> None:
    assert objects(overlay).keys() == {
        "Namespace", "Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "ServiceMonitor",
        "PrometheusRule", "ScaledObject",
    }  # fmt: skip


@each_overlay
def test_every_selector_finds_the_pods(overlay: str) -> None:
    made = objects(overlay)
    labels = made["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    selectors = [
        made["Deployment"]["spec"]["selector"]["matchLabels"],
        made["Service"]["spec"]["selector"],
        made["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        made["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        pod(overlay)["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ]
    assert all(selector and selector.items() <= labels for selector in selectors)
    assert (
        made["ServiceMonitor"]["spec"]["selector"]["matchLabels"].items()
        <= made["Service"]["metadata"]["labels"].items()
    )
    assert made["ScaledObject"]["spec"]["scaleTargetRef"]["name"] == made["Deployment"]["metadata"]["name"]


@each_overlay
def test_a_cluster_has_the_rules_that_prometheus_has_elsewhere(overlay: str) -> None:
    files = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))
    groups = [group for path in files for group in yaml.safe_load(path.read_text())["groups"]]
    made = objects(overlay)
    assert made["PrometheusRule"]["spec"]["groups"] == groups
    assert 'job="roadsight"' in str(groups)  # the operator gives what it scrapes the service's name
    assert made["Service"]["metadata"]["name"] == "roadsight"


def test_every_file_is_used() -> None:
    for listing in FOLDER.rglob("kustomization.yaml"):
        folder = listing.parent
        used = yaml.safe_load(listing.read_text())
        names = {*used["resources"], *(patch["path"] for patch in used.get("patches", []))}
        there = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
        assert there == {Path(name).name for name in names if name.endswith(".yaml")}, folder
