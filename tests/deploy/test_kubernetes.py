"""The Kubernetes overlays: built by kustomize, valid by the API's own schemas, and true of the service."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.keda.v1alpha1 import ScaledObject
from cloudcoil.models.prometheus_operator.v1 import ServiceMonitor
from prometheus_client import generate_latest
from pydantic import BaseModel

import image
from import_graph import ROOT
from roadsight_service.metrics import Metrics
from roadsight_service.settings import Settings

Object = dict[str, Any]

FOLDER = ROOT / "deploy" / "kubernetes"
VERSIONS = ("1.30", "1.37")  # the first with `sleep` before a stop by default, and the newest whose schema is at hand
CUSTOM: dict[str, type[BaseModel]] = {"ServiceMonitor": ServiceMonitor, "ScaledObject": ScaledObject}
KUBECTL = shutil.which("kubectl", path=f"{os.environ['PATH']}:{ROOT / '.tools'}")

pytestmark = pytest.mark.skipif(KUBECTL is None, reason="no kubectl, which carries kustomize: make .tools/kubectl")
each_overlay = pytest.mark.parametrize("overlay", ["cpu", "gpu"])


@cache
def objects(overlay: str) -> dict[str, Object]:
    """What the overlay makes, by kind; there is one of each."""
    command = [str(KUBECTL), "kustomize", str(FOLDER / "overlays" / overlay)]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    made = list(yaml.safe_load_all(text))
    by_kind = {each["kind"]: each for each in made}
    assert len(by_kind) == len(made)
    return by_kind


def pod(overlay: str) -> Object:
    found: Object = objects(overlay)["Deployment"]["spec"]["template"]["spec"]
    return found


def container(overlay: str) -> Object:
    (only,) = pod(overlay)["containers"]
    assert isinstance(only, dict)
    return only


def said(overlay: str) -> dict[str, str]:
    """The environment's plain values; what comes from elsewhere is left out."""
    return {each["name"]: each["value"] for each in container(overlay)["env"] if "value" in each}


def settings(overlay: str) -> Settings:
    """The service's settings as they are in the pod."""
    lanes = container(overlay)["resources"]["limits"]["cpu"]
    names = said(overlay) | {"ROADSIGHT_LANES": lanes}
    return Settings.model_validate({name.removeprefix("ROADSIGHT_").lower(): value for name, value in names.items()})


def bytes_of(quantity: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([MG]i)", quantity).groups()  # type: ignore[union-attr]  # fails where it is None
    return int(number) << {"Mi": 20, "Gi": 30}[unit]


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
        "Namespace", "Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "ServiceMonitor", "ScaledObject",
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
def test_every_port_and_path_is_the_services_own(overlay: str) -> None:
    made, ours = objects(overlay), container(overlay)
    (port,) = ours["ports"]
    assert port == {"name": "http", "containerPort": Settings.model_fields["port"].default}
    assert made["Service"]["spec"]["ports"][0]["targetPort"] == "http"
    assert made["NetworkPolicy"]["spec"]["ingress"][0]["ports"] == [{"port": "http"}]
    asked = {name: ours[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    ready, alive = {"path": "/readyz", "port": "http"}, {"path": "/livez", "port": "http"}
    assert asked == {"startup": ready, "readiness": ready, "liveness": alive}
    assert made["ServiceMonitor"]["spec"]["endpoints"][0]["path"] == "/metrics"


@each_overlay
def test_every_variable_is_a_setting(overlay: str) -> None:
    names = {each["name"] for each in container(overlay)["env"]}
    assert names <= {f"ROADSIGHT_{name.upper()}" for name in Settings.model_fields}
    # Kubernetes would set ROADSIGHT_PORT to the service's URL otherwise.
    assert pod(overlay)["enableServiceLinks"] is False


@each_overlay
def test_lanes_are_as_many_as_the_pods_cores(overlay: str) -> None:
    (lanes,) = [each for each in container(overlay)["env"] if each["name"] == "ROADSIGHT_LANES"]
    assert lanes["valueFrom"] == {"resourceFieldRef": {"resource": "limits.cpu"}}
    assert settings(overlay).lanes == int(container(overlay)["resources"]["requests"]["cpu"])


@each_overlay
def test_there_is_time_to_drain(overlay: str) -> None:
    before = container(overlay)["lifecycle"]["preStop"]["sleep"]["seconds"]
    draining = 3 * settings(overlay).drain_seconds  # requests, then checks, then lanes
    assert pod(overlay)["terminationGracePeriodSeconds"] >= before + draining


@each_overlay
def test_there_is_memory_for_what_the_service_may_hold(overlay: str) -> None:
    known, resources = settings(overlay), container(overlay)["resources"]
    decoded = known.lanes * known.max_pixels * 3
    assert bytes_of(resources["limits"]["memory"]) > 300e6 + known.max_buffered_bytes + decoded
    assert resources["requests"]["memory"] == resources["limits"]["memory"]
    (tmp,) = pod(overlay)["volumes"]
    assert bytes_of(tmp["emptyDir"]["sizeLimit"]) > known.max_buffered_bytes


@each_overlay
def test_a_pod_has_no_rights_and_its_user_is_the_images(overlay: str) -> None:
    assert container(overlay)["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    user = pod(overlay)["securityContext"]
    stages = image.read_stages(ROOT / "deploy" / "Dockerfile")
    assert stages["runtime"].values("USER") == [f"{user['runAsUser']}:{user['runAsGroup']}"]
    assert user["runAsNonRoot"] and pod(overlay)["automountServiceAccountToken"] is False
    assert container(overlay)["args"] == image.words(image.lineage(stages, overlay), "CMD")
    assert objects(overlay)["NetworkPolicy"]["spec"]["egress"] == []


@each_overlay
def test_replicas_follow_frames_that_wait(overlay: str) -> None:
    spec = objects(overlay)["ScaledObject"]["spec"]
    (trigger,) = spec["triggers"]
    served = generate_latest(Metrics().registry).decode()
    series = set(re.findall(r"roadsight_\w+", trigger["metadata"]["query"]))
    assert series == {"roadsight_queue_wait_seconds_sum", "roadsight_queue_wait_seconds_count"}
    assert all(f"\n{name} " in served for name in series)
    assert "replicas" not in objects(overlay)["Deployment"]["spec"]
    # While a node is drained one may go, and one must be left.
    assert spec["minReplicaCount"] > objects(overlay)["PodDisruptionBudget"]["spec"]["maxUnavailable"]


def test_only_the_gpus_pods_ask_for_one_and_go_where_they_are() -> None:
    assert "nvidia.com/gpu" not in container("cpu")["resources"]["limits"]
    assert container("gpu")["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert pod("gpu")["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert pod("gpu")["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert not {"nodeSelector", "tolerations"} & pod("cpu").keys()


@each_overlay
def test_a_rollout_never_leaves_fewer_than_were_promised(overlay: str) -> None:
    rolling = objects(overlay)["Deployment"]["spec"]["strategy"]["rollingUpdate"]
    surplus = {"cpu": {"maxSurge": 1, "maxUnavailable": 0}, "gpu": {"maxSurge": 0, "maxUnavailable": 1}}
    assert rolling == surplus[overlay]


def test_every_file_is_used() -> None:
    for listing in FOLDER.rglob("kustomization.yaml"):
        folder = listing.parent
        used = yaml.safe_load(listing.read_text())
        names = {*used["resources"], *(patch["path"] for patch in used.get("patches", []))}
        there = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
        assert there == {Path(name).name for name in names if name.endswith(".yaml")}, folder
