"""The same with a real GPU: only the engine touches it, and it comes back after its death.

`pytest -m gpu` on a machine with an NVIDIA GPU and the extra `gpu`.
"""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import colour_gradient
from checking import ENOUGH
from pictures import BLUE, GREEN, RED, encoded, striped
from roadsight_models.gpu import no_gpu
from running import metric, post, until
from service.processes.lanes import Running, check, serve_processes, until_dead
from service.processes.on_gpu import OnGpu

FRAME = encoded(striped(RED, GREEN, BLUE))
AGAIN_S = 120.0
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(no_gpu() is not None, reason="needs an NVIDIA GPU"),
]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OnGpu, Running]]:
    root = tmp_path_factory.mktemp("bundles")
    colour_gradient.save(root)
    with serve_processes(root, robustness_enabled=True) as cpu:
        given = {"provider": "cuda", "lanes": 4, "robustness_enabled": True}
        with serve_processes(root, **given) as gpu:
            yield OnGpu(gpu.url, gpu.others), cpu


def test_it_says_what_a_cpu_says_from_graphs_that_are_replayed(both: tuple[OnGpu, Running]) -> None:
    query = f"?top=0&regions={json.dumps([[i % 60, 0, 40 + i % 60, 40] for i in range(64)])}"
    (model,) = httpx.get(f"{both[0].url}/readyz").json()["models"]
    assert (model["provider"], model["without_graphs"]) == ("cuda", None)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(both[0].url, body=FRAME, query=query).json(), range(32)))
    (expected,) = [_probabilities(post(both[1].url, body=FRAME, query=query).json())]
    assert all(_probabilities(answer) == pytest.approx(expected, abs=1e-4) for answer in answers)
    assert metric(both[0].url, "roadsight_batch_size_count") < 32 * 64 / 16


def test_only_the_engine_touches_the_gpu(both: tuple[OnGpu, Running]) -> None:
    for process in (both[0].zygote, *both[0].lanes):
        assert not [each for each in _open_files(process) if each.startswith("/dev/nvidia")]
    assert [each for each in _open_files(both[0].engine) if each.startswith("/dev/nvidia")]


def test_a_check_asks_it(both: tuple[OnGpu, Running]) -> None:
    answer = check(both[0].url, f"attack=pgd&epsilon={ENOUGH}").json()
    assert (answer["verdict"], answer["spent"]["steps"] > 0) == ("broken", True)


def test_after_its_death_it_captures_its_graphs_anew(both: tuple[OnGpu, Running]) -> None:
    old = [both[0].zygote, both[0].engine, *both[0].lanes]
    os.kill(both[0].engine, signal.SIGKILL)
    until_dead(*old)
    until(lambda: httpx.get(f"{both[0].url}/readyz").status_code == 200, AGAIN_S)
    (model,) = httpx.get(f"{both[0].url}/readyz").json()["models"]
    assert (model["provider"], model["without_graphs"]) == ("cuda", None)
    assert post(both[0].url, body=FRAME).status_code == 200


def _probabilities(answer: dict[str, list[dict[str, list[dict[str, list[dict[str, float]]]]]]]) -> list[float]:
    results = [result for region in answer["regions"] for result in region["results"]]
    return [one["probability"] for result in results for one in result["predictions"]]


def _open_files(process: int) -> list[str]:
    return [os.readlink(each) for each in Path(f"/proc/{process}/fd").iterdir() if each.is_symlink()]
