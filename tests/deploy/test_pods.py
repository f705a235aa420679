"""What the Kubernetes overlays say of the service is true: ports, settings, rights, memory, time to drain."""

import re

from prometheus_client import generate_latest

import image
from cluster import bytes_of, container, each_overlay, needs_kubectl, objects, pod, settings
from import_graph import ROOT
from roadsight_service.metrics import Metrics
from roadsight_service.settings import Settings

pytestmark = needs_kubectl


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
