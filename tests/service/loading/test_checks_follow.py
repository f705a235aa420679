"""Checks of robustness while models change: each is about the model that serves when its turn comes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

import colour_gradient
from running import PNG, RED_PNG, metric, until
from service.loading.house import CAR, house, load, save, serves

WAITING, RUNNING = "roadsight_robustness_waiting", "roadsight_robustness_running"


def check(url: str, query: str = "") -> httpx.Response:
    address = f"{url}/v1/robustness?attack=pgd{query}"
    return httpx.post(address, content=RED_PNG, headers=PNG | CAR, timeout=40, verify=False)


def test_a_check_that_has_begun_ends_with_its_model_and_the_next_one_asks_the_new(tmp_path: Path) -> None:
    for version in ("1.0.0", "2.0.0"):
        save(tmp_path, version, {"gradient.onnx": colour_gradient.graph()})
    enabled = {"robustness_enabled": True, "robustness_max_steps": 100_000, "robustness_deadline_ms": 60_000}
    with house(tmp_path, **enabled, lanes=1, load_watch_seconds=0) as running, ThreadPoolExecutor(2) as pool:
        url = running.url
        begun = pool.submit(check, url, "&steps=20000&version=1.0.0")
        until(lambda: metric(url, RUNNING) == 1)
        waits = pool.submit(check, url, "&steps=3&version=1.0.0")
        until(lambda: metric(url, WAITING) == 1)
        assert load(url, "colours@2.0.0").status_code == 200
        assert serves(url) == "2.0.0"
        assert not begun.done()
        assert (begun.result().json()["version"], begun.result().json()["spent"]["steps"]) == ("1.0.0", 20_000)
        assert begun.result().json()["clean"]["predictions"][0]["label"] == "red"
        assert (waits.result().status_code, waits.result().json()["code"]) == (404, "unknown_version")
        after = check(url, "&steps=3&label=crimson").json()
        assert (after["version"], after["clean"]["predictions"][0]["label"]) == ("2.0.0", "crimson")
        assert check(url, "&version=1.0.0").json()["code"] == "unknown_version"
        until(lambda: len(running.lanes) == 1)  # the crew before has ended
