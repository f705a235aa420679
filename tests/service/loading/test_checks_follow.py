"""Checks of robustness while models change: each is about the model that serves when its turn comes."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import colour_gradient
from running import metric, until
from service.loading.house import CAR, house, load, save, serves
from service.processes.lanes import check

ask = partial(check, headers=CAR)


def test_a_check_that_has_begun_ends_with_its_model_and_the_next_one_asks_the_new(tmp_path: Path) -> None:
    for version in ("1.0.0", "2.0.0"):
        save(tmp_path, version, {"gradient.onnx": colour_gradient.graph()})
    enabled = {"robustness_enabled": True, "robustness_max_steps": 2000}
    with house(tmp_path, **enabled, lanes=1, load_watch_seconds=0) as running, ThreadPoolExecutor(2) as pool:
        url, lanes = running.url, running.lanes
        begun = pool.submit(ask, url, "attack=pgd&steps=2000&version=1.0.0")
        checker = running.checker(lanes)
        os.kill(checker, signal.SIGSTOP)
        waits = pool.submit(ask, url, "version=1.0.0")
        until(lambda: metric(url, "roadsight_robustness_waiting") == 1)
        assert load(url, "colours@2.0.0").status_code == 200
        assert serves(url) == "2.0.0"
        os.kill(checker, signal.SIGCONT)
        assert (begun.result().json()["version"], begun.result().json()["spent"]["steps"]) == ("1.0.0", 2000)
        assert begun.result().json()["clean"]["predictions"][0]["label"] == "red"
        assert (waits.result().status_code, waits.result().json()["code"]) == (404, "unknown_version")
        after = ask(url, "label=crimson").json()
        assert (after["version"], after["clean"]["predictions"][0]["label"]) == ("2.0.0", "crimson")
        assert ask(url, "version=1.0.0").json()["code"] == "unknown_version"
        until(lambda: len(running.zygotes) == 1)  # the crew before has ended
        until(lambda: len(running.lanes) == 1)
