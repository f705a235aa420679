"""Checks of robustness beside lanes that are processes: the model that they attack is the one that serves."""

from pathlib import Path

import httpx

import colour_gradient
from checking import ENOUGH, ONE_LESS
from running import PNG, RED_PNG, post
from service.processes.lanes import serve_processes


def test_a_check_finds_what_the_served_model_says(tmp_path: Path) -> None:
    colour_gradient.save(tmp_path)
    with serve_processes(tmp_path, robustness_enabled=True) as running:
        served = post(running.url).json()["regions"][0]["results"][0]
        checks = [
            httpx.post(
                f"{running.url}/v1/robustness?epsilon={epsilon}", content=RED_PNG, headers=PNG, timeout=20
            ).json()
            for epsilon in (ENOUGH, ONE_LESS)
        ]
    assert [check["verdict"] for check in checks] == ["broken", "robust"]
    assert all(check["clean"] == served for check in checks)
