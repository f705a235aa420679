"""What Ray is asked for; in a process of its own, since Ray's modules warn when they are imported."""

import os
import subprocess
import sys

import pytest

BUILD = "from roadsight_service.scale import Scale, app; app(Scale({}))"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [("GRPC_PORT", "8001", "ROADSIGHT_GRPC_PORT: Ray's proxies bring HTTP only"), ("LANES", "many", "lanes")],
)
def test_a_setting_that_replicas_could_not_have_is_refused_before_there_are_any(
    name: str, value: str, why: str
) -> None:
    environment = {f"ROADSIGHT_{name}": value, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", BUILD.format("")]
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert why in done.stderr


ROUTED = """
import asyncio
from collections import Counter
from roadsight_service.scale.router import CHOICES, Router

async def chosen(replicas):
    (few,) = await Router.choose_replicas(None, replicas)
    return few

async def all():
    assert await chosen([]) == []
    assert await chosen(["a"]) == ["a"]
    seen = [await chosen(["a", "b", "c", "d"]) for _ in range(400)]
    assert all_differ(seen), "two of four, never the same twice"
    assert min(Counter(one for few in seen for one in few).values()) > 100, "each of four in half of all"

def all_differ(seen):
    return {len(set(few)) for few in seen} == {CHOICES}

asyncio.run(all())
"""
REFUSED = """
from pydantic import ValidationError
from roadsight_service.scale import Scale, app

for says, values in {
    "above 1 a whole number": {"gpus": 1.5},
    "greater than or equal to 0": {"gpus": -1},
    "or equal to 16": {"gpus": float("nan")},
    "max_replicas (2) must be greater": {"min_replicas": 3, "max_replicas": 2},
    "greater than 0": {"frames_a_lane": 0},
    "Extra inputs": {"replicas": 3},
}.items():
    try:
        app(Scale(**values))
    except ValidationError as error:
        assert says in str(error), error
    else:
        raise AssertionError(values)
for gpus in (0, 0.25, 1, 2.0):
    options = app(Scale(gpus=gpus))._bound_deployment.ray_actor_options
    assert options["num_gpus"] == gpus, options
"""


def test_replicas_are_chosen_and_asked_for_within_bounds() -> None:
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", ROUTED + REFUSED]
    done = subprocess.run(command, env=os.environ | paths, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
