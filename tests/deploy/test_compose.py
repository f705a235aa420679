"""`docker compose up`: the file is one by the specification, and what it says of the service is true."""

import re
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

import image
from import_graph import ROOT
from roadsight_service.settings import Settings

Service = dict[str, Any]


def read(text: str = (ROOT / "docker-compose.yml").read_text()) -> dict[str, Any]:
    """The file with its merges done and its variables as they are where nobody sets them."""
    found: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return found


SERVICES: dict[str, Service] = read()["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("roadsight:")}
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def check(document: dict[str, Any]) -> None:
    """Raises ValueError for what the specification does not have."""
    PyCompose.from_yaml(yaml.safe_dump(document)).validate()


def test_it_is_a_compose_file() -> None:
    check(read())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("read_only", "readonly"),
        ("service_healthy", "healthy"),
        ("35s", "35 sheep"),
        ("mem_limit: 1g", "mem_limit: all"),
    ],
)
def test_a_fault_in_it_would_be_found(old: str, new: str) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert old in text
    with pytest.raises(ValueError, match=r"services\."):
        check(read(text.replace(old, new)))


def test_one_command_brings_all_four_and_the_gpu_waits_to_be_asked_for() -> None:
    always = {name for name, service in SERVICES.items() if "profiles" not in service}
    assert always == {"roadsight", "camera", "prometheus", "grafana"}
    asked = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    assert asked == {"roadsight-gpu": ["gpu"], "camera-gpu": ["gpu"]}
    assert SERVICES["roadsight-gpu"]["runtime"] == "nvidia"


@each_service
def test_nothing_writes_to_its_root_has_rights_or_listens_beyond_this_machine(service: Service) -> None:
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@each_service
def test_every_image_has_a_version_and_what_is_not_ours_a_place_for_its_digest(service: Service) -> None:
    name, _, version = service["image"].partition(":")
    assert version and version != "latest"
    text = (ROOT / "docker-compose.yml").read_text()
    assert name == "roadsight" or re.search(rf"{re.escape(service['image'])}\$\{{[A-Z]+_DIGEST:-\}}", text)


@each_service
def test_what_is_mounted_is_there(service: Service) -> None:
    mounted = [volume.split(":")[0] for volume in service.get("volumes", []) if volume.startswith("./")]
    assert [folder for folder in mounted if not (ROOT / folder).is_dir()] == []


def test_the_services_are_built_from_stages_that_there_are() -> None:
    stages = image.read_stages(ROOT / "deploy" / "Dockerfile")
    built = {name: service["build"]["target"] for name, service in OURS.items() if "build" in service}
    assert built == {"roadsight": "cpu", "roadsight-gpu": "gpu"}
    assert set(built.values()) <= stages.keys()


def test_the_service_has_time_to_drain_and_memory_for_what_it_may_hold() -> None:
    service = SERVICES["roadsight"]
    settings = Settings.model_validate(
        {name.removeprefix("ROADSIGHT_").lower(): said for name, said in service["environment"].items()}
    )
    assert int(service["stop_grace_period"].removesuffix("s")) > 3 * settings.drain_seconds
    decoded = settings.lanes * settings.max_pixels * 3
    spooled = settings.max_buffered_bytes  # /tmp is memory here
    assert service["mem_limit"] == "1g" and 300e6 + settings.max_buffered_bytes + spooled + decoded < 1 << 30


def test_prometheus_misses_what_always_runs_and_finds_what_is_asked_for_while_it_runs() -> None:
    (job,) = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    serving = {name: "profiles" in service for name, service in OURS.items() if "build" in service}
    assert job["static_configs"] == [{"targets": [f"{name}:8080" for name, asked in serving.items() if not asked]}]
    (found,) = job["dns_sd_configs"]
    assert (found["names"], found["port"]) == ([name for name, asked in serving.items() if asked], 8080)


@pytest.mark.parametrize(("camera", "service"), [("camera", "roadsight"), ("camera-gpu", "roadsight-gpu")])
def test_a_camera_posts_to_a_service_that_is_healthy(camera: str, service: str) -> None:
    assert SERVICES[camera]["command"] == ["drive", f"http://{service}:8080"]
    assert SERVICES[camera]["depends_on"] == {service: {"condition": "service_healthy"}}
