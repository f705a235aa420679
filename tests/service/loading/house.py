"""A service whose models are changed while it runs, and versions of the colour bundle to change them with."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

import colours
from pictures import RED, encoded, striped
from roadsight_service.loading import beside
from roadsight_service.processes.crew import Crew
from running import metric, post
from service.processes.lanes import Running, serve_processes

ADMIN, CAR = {"Authorization": "Bearer admin"}, {"Authorization": "Bearer car"}
KEYS = json.dumps({hashlib.sha256(key.encode()).hexdigest(): [scope, "classify"] for key, scope in
                   (("admin", "admin"), ("car", "robustness"))})  # fmt: skip
NAMES = {"1.0.0": ("red", "green", "blue"), "2.0.0": ("crimson", "lime", "navy"), "3.0.0": ("ruby", "jade", "azure")}
MOST_TRIES = 200
OPENED_S = 60.0  # a model is by then, on a machine that others use, too
RED_PNG = encoded(striped(RED))


def save(root: Path, version: str, files: dict[str, bytes] | None = None, **changes: object) -> Path:
    """Publishes a version, whose labels tell it from the others."""
    named = {"version": version, "labels": NAMES.get(version, colours.LABELS)}
    return colours.save(root, files, **named | changes).folder


def refuses_red() -> bytes:
    """A graph that passes its self-test, and fails on what is very red, green or blue: it looks up an entry too far."""

    def change(model: ModelProto) -> None:
        graph = model.graph
        for name, value in (("far", np.array(200, np.float32)), ("table", np.ones(1, np.float32))):
            graph.initializer.append(numpy_helper.from_array(value, name))
        graph.node[2].input[1] = "entry"
        for node in (
            helper.make_node("Mul", ["found", "gain"], ["entry"]),
            helper.make_node("Gather", ["table", "index"], ["found"]),
            helper.make_node("Cast", ["share"], ["index"], to=TensorProto.INT64),
            helper.make_node("Div", ["most", "far"], ["share"]),
            helper.make_node("ReduceMax", ["embedding"], ["most"], keepdims=0),
        ):
            graph.node.insert(2, node)

    return colours.changed(change)


@contextmanager
def house(root: Path, **settings: object) -> Iterator[Running]:
    """Runs a service over the bundles under `root`, of which `colours@1.0.0` serves at the start."""
    if not (root / "colours" / "1.0.0").exists():
        save(root, "1.0.0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beside, "begin_beside", Crew)  # where machines are shared tests would wait for long
        with serve_processes(root, **{"models": "colours@1.0.0", "keys": KEYS} | settings) as running:
            yield running


def load(url: str, bundle: str | None = None, task: str = "colour", **asked: object) -> httpx.Response:
    """Asks for another bundle."""
    said = asked if bundle is None else asked | {"bundle": bundle}
    return httpx.post(f"{url}/v1/models/{task}/load", json=said, headers=ADMIN, timeout=60, verify=False)


def load_next(url: str, bundle: str) -> httpx.Response:
    """The same, as soon as the load before has come to its end."""
    answers = [load(url, bundle)]
    while answers[-1].status_code == HTTPStatus.CONFLICT:
        assert len(answers) < MOST_TRIES, answers[-1].text
        time.sleep(0.05)
        answers.append(load(url, bundle))
    return answers[-1]


def ask(url: str, body: bytes = RED_PNG, query: str = "", camera: str = "front") -> httpx.Response:
    """Posts a frame."""
    return post(url, body=body, query=query, Authorization=ADMIN["Authorization"], X_Camera_Id=camera)


def results(answer: httpx.Response) -> list[Any]:
    """What it says of each region."""
    assert answer.status_code == 200, answer.text
    return [region["results"][0] for region in answer.json()["regions"]]


def serves(url: str) -> str:
    """The version that answers a frame, which all that the service says of itself agrees with."""
    ((version,),) = {tuple(each["version"] for each in results(ask(url)))}
    for route in ("/v1/models", "/readyz"):
        assert [model["version"] for model in httpx.get(url + route, verify=False).json()["models"]] == [version]
    lines = httpx.get(f"{url}/metrics", verify=False).text.splitlines()
    (shown,) = [line for line in lines if line.startswith("roadsight_model_info{")]
    assert f'version="{version}"' in shown
    return str(version)


def loads(url: str, outcome: str) -> float:
    """How many loads ended so."""
    return metric(url, f'roadsight_model_loads_total{{outcome="{outcome}"')


def while_loading(running: Running, post: Callable[[], httpx.Response], **asked: object) -> httpx.Response:
    """Loads 2.0.0, and posts frames until that is done; all of them are answered by what serves."""
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(partial(load, running.url, "colours@2.0.0", **asked))  # type: ignore[arg-type]
        while not loading.done():
            assert post().status_code == 200
            time.sleep(0.01)
        return loading.result()
