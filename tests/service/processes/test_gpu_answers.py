"""Lanes beside a process that holds the GPU answer what lanes that infer by themselves answer, errors included."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import colours
from pictures import BLUE, GREEN, RED, encoded, striped
from running import launched, metric, post
from service.loading.house import KEYS, load
from service.processes import command
from service.processes.lanes import Running, children, serve_processes
from service.processes.on_gpu import OnGpu, serve_on_gpu
from service.processes.standing_in import WITHOUT_GRAPHS

FRAME = encoded(striped(RED, GREEN, BLUE, (90, 80, 70), (10, 200, 190)))  # 200 x 40
Pair = tuple[OnGpu, Running]


def boxes(count: int) -> str:
    """So many regions, no two alike."""
    return f"regions={json.dumps([[3 * i % 150, i % 7, 3 * i % 150 + 20 + i % 11, 30] for i in range(count)])}"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The same two models on a GPU, and on a CPU."""
    root = tmp_path_factory.mktemp("bundles")
    colours.save(root, temperature=4.0)
    colours.save(root, name="shades", task="shade", version="2.0.0", labels=("r", "g", "b"), temperature=3.0)
    with serve_processes(root) as cpu, serve_on_gpu(root, keys=KEYS) as gpu:
        yield gpu, cpu


def same(one: Any, other: Any) -> bool:
    """Whether two answers are, to a millionth, but for the time that they took."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(key == "timings_ms" or same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-6
    return bool(one == other)


def ask(running: Running, query: str, body: bytes = FRAME) -> httpx.Response:
    return post(running.url, body=body, query=f"?{query}", Authorization="Bearer car")


@pytest.mark.parametrize("count", [1, 8, 64, 200])
@pytest.mark.parametrize("tasks", ["", "task=shade", "suspicion=true"])
def test_the_answer_to_a_frame_is_the_same(pair: Pair, count: int, tasks: str) -> None:
    gpu, cpu = (ask(each, f"{boxes(count)}&top=0&{tasks}") for each in pair)
    assert (gpu.status_code, cpu.status_code) == (200, 200)
    assert len(gpu.json()["regions"]) == count
    assert same(gpu.json(), cpu.json())
    assert gpu.json()["timings_ms"]["inference"] > 0


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("regions=[[0,0,2,2],[0,0,40,40],[50,0,53,40]]", FRAME),
        ("regions=[[0,0,2,2]]", FRAME),  # nothing that could be inferred
        ("regions=[[0,0,40,40],[400,0,500,40]]", FRAME),
        ("task=smell", FRAME),
        ("version=2.0.0", FRAME),
        ("", FRAME[:-30]),
    ],
)
def test_so_is_what_is_told_of_a_frame_that_is_refused_or_can_not_be_judged(
    pair: Pair, query: str, body: bytes
) -> None:
    gpu, cpu = (ask(each, query, body) for each in pair)
    assert gpu.status_code == cpu.status_code
    assert same(gpu.json(), cpu.json())


@pytest.mark.parametrize("count", [1, 7, 8])
def test_so_is_what_a_graph_gives_for_crops(pair: Pair, count: int) -> None:
    crops = colours.crops(count, seed=count)
    data = {"name": "frames", "shape": list(crops.shape), "datatype": "UINT8", "data": crops.ravel().tolist()}
    told = [
        httpx.post(
            f"{each.url}/v2/models/colours/infer", json={"inputs": [data]}, headers={"Authorization": "Bearer car"}
        ).json()
        for each in pair
    ]
    assert [(each["name"], each["shape"]) for each in told[0]["outputs"]] == [
        ("logits", [count, 3]),
        ("embedding", [count, 3]),
    ]
    assert same(told[0]["outputs"], told[1]["outputs"])


def test_frames_at_once_each_get_their_own_answer(pair: Pair) -> None:
    bodies = [encoded(striped((level, 0, 255 - level), (0, level, 40))) for level in range(0, 256, 5)]
    expected = [ask(pair[1], boxes(3), body).json() for body in bodies]
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda body: ask(pair[0], boxes(3), body).json(), bodies))
    assert all(map(same, found, expected))


def test_it_says_where_its_models_run_and_what_they_lack(pair: Pair) -> None:
    said = httpx.get(f"{pair[0].url}/readyz").json()
    assert said["status"] == "ready"
    told = [(one["task"], one["provider"], one["fallback"], one["without_graphs"]) for one in said["models"]]
    assert told == [(task, "cuda", None, WITHOUT_GRAPHS) for task in ("colour", "shade")]
    assert metric(pair[0].url, 'roadsight_provider_fallback{provider="cuda"') == 0


def test_its_models_are_fixed(pair: Pair) -> None:
    refused = load(pair[0].url)
    assert (refused.status_code, refused.json()["code"]) == (409, "load_unsupported")
    assert "GPU" in refused.json()["detail"]


def test_lanes_give_way_to_the_engine(pair: Pair) -> None:
    assert post(pair[0].url, Authorization="Bearer car").status_code == 200
    engine, *lanes = [os.getpriority(os.PRIO_PROCESS, each) for each in (pair[0].engine, *pair[0].lanes)]
    assert {lane > engine or lane == 19 for lane in lanes} == {True}


def test_the_serving_process_loads_nothing_of_the_models(tmp_path: Path) -> None:
    colours.save(tmp_path)
    given = {"ROADSIGHT_PROVIDER": "cuda", "ROADSIGHT_LANES": "1"}
    with launched(tmp_path, module=command.__name__, **given) as (url, process):
        assert post(url).status_code == 200
        (zygote,) = children(process.pid)
        engine = children(zygote)[0]
        for library in ("onnxruntime", "numpy", "cv2"):
            assert library not in Path(f"/proc/{process.pid}/maps").read_text()
        assert "onnxruntime" in Path(f"/proc/{engine}/maps").read_text()
