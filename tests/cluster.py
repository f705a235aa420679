"""The overlays of deploy/kubernetes, as kustomize builds them."""

import os
import re
import shutil
import subprocess
from functools import cache
from typing import Any

import pytest
import yaml

from import_graph import ROOT
from roadsight_service.settings import Settings

Object = dict[str, Any]

FOLDER = ROOT / "deploy" / "kubernetes"
KUBECTL = shutil.which("kubectl", path=f"{os.environ['PATH']}:{ROOT / '.tools'}")

needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="no kubectl, which carries kustomize: make .tools/kubectl")
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
