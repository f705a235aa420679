"""What Ray is asked for; in a process of its own, since Ray's modules warn when they are imported."""

import os
import subprocess
import sys

import pytest

BUILD = "from roadsight_service.scale import Scale, app; app(Scale(min_replicas=1, max_replicas=1))"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [("GRPC_PORT", "8001", "ROADSIGHT_GRPC_PORT: Ray's proxies bring HTTP only"), ("LANES", "many", "lanes")],
)
def test_a_setting_that_replicas_could_not_have_is_refused_before_there_are_any(
    name: str, value: str, why: str
) -> None:
    environment = {f"ROADSIGHT_{name}": value, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", BUILD]
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert why in done.stderr
