"""`priority` is among what waits of one camera: shown by the order of inference, and by who makes room for whom."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.grpc
import tritonclient.http
from tritonclient.utils import InferenceServerException

from pictures import BLUE, GREEN, RED, encoded, striped
from running import metric, occupy, post, serve_watched, until
from service.inference_protocol.house import CAMERA, GRAPH, House, free_port, house

COLOURS = {"red": RED, "green": GREEN, "blue": BLUE}
HTTP, GRPC = tritonclient.http, tritonclient.grpc
LONG_US = 15_000_000
WAITING = 4  # frames at most, where lanes are processes
HIGHER = "this camera's newest has a higher priority"


def ask(way: Any, address: str, model: str, colour: str, camera: str = "one", **options: int) -> None:
    """One picture of a colour, with Triton's own client."""
    pixels = striped(COLOURS[colour], width=16, height=16)
    given = way.InferInput("frames", [1, 16, 16, 3], "UINT8").set_data_from_numpy(pixels[np.newaxis])
    if model == CAMERA:
        file = np.array([encoded(pixels)], dtype=np.object_)
        given = way.InferInput("image", [1], "BYTES").set_data_from_numpy(file)
    with way.InferenceServerClient(address) as client:
        client.infer(model, [given], headers={"x-camera-id": camera}, **{"timeout": LONG_US, **options})


class Waiting:
    """Requests that gather before one busy lane."""

    def __init__(self, way: Any, address: str, url: str, pool: ThreadPoolExecutor) -> None:
        self.url, self._way, self._address, self._pool = url, way, address, pool
        self.answers: list[Future[Any]] = []

    def ask(self, colour: str, model: str = GRAPH, **options: Any) -> None:
        """Sends one, and waits until it waits."""
        self.add(self._pool.submit(ask, self._way, self._address, model, colour, **options))

    def post(self, colour: str) -> None:
        """Sends one to `/v1/classify`."""
        self.add(self._pool.submit(post, self.url, 15_000, encoded(striped(COLOURS[colour])), X_Camera_Id="one"))

    def add(self, answer: "Future[Any]") -> None:
        """Waits until it waits."""
        self.answers.append(answer)
        until(lambda: metric(self.url, "roadsight_queue_depth") == len(self.answers))


@pytest.fixture(params=[HTTP, GRPC], ids=["http", "grpc"])
def way(request: pytest.FixtureRequest) -> Any:
    return request.param


def order(root: Path, way: Any, send: Any) -> list[str]:
    """What was sent while the only lane was busy, by colour, in the order of inference."""
    port = free_port()
    with (
        serve_watched(root, lanes=1, batch_crops=1, grpc_port=port) as (url, session),
        ThreadPoolExecutor(16) as pool,
    ):
        held = occupy(pool, url, session)
        address = url.removeprefix("http://") if way is HTTP else f"127.0.0.1:{port}"
        waiting = Waiting(way, address, url, pool)
        send(waiting)
        session.gate.set()
        for answer in (held, *waiting.answers):
            answer.result(20)
        return session.seen[1:]


@pytest.mark.parametrize("model", [GRAPH, CAMERA])
def test_what_waits_of_a_camera_is_inferred_by_priority(tmp_path: Path, way: Any, model: str) -> None:
    def send(waiting: Waiting) -> None:
        for colour, priority in (("red", 3), ("green", 2), ("blue", 1)):
            waiting.ask(colour, model, priority=priority)

    assert order(tmp_path, way, send) == ["blue", "green", "red"]


def test_within_a_priority_the_earliest_deadline_goes_first_and_none_is_the_second(tmp_path: Path, way: Any) -> None:
    def send(waiting: Waiting) -> None:
        waiting.ask("red", priority=2)
        waiting.ask("blue", priority=1)
        waiting.ask("green", timeout=LONG_US // 2)

    assert order(tmp_path, way, send) == ["blue", "green", "red"]


def test_frames_of_the_camera_that_come_another_way_are_of_the_second_priority(tmp_path: Path, way: Any) -> None:
    def send(waiting: Waiting) -> None:
        waiting.ask("red", priority=3)
        waiting.post("green")
        waiting.ask("blue", priority=1)

    assert order(tmp_path, way, send) == ["blue", "green", "red"]


def test_another_camera_has_its_turn_whatever_priority_the_first_one_gives_itself(tmp_path: Path, way: Any) -> None:
    def send(waiting: Waiting) -> None:
        for _ in range(6):
            waiting.ask("red", priority=1, timeout=LONG_US // 2)
        for _ in range(2):
            waiting.ask("blue", camera="two", priority=3)

    seen = order(tmp_path, way, send)
    assert seen.count("red") == 6
    assert [at for at, colour in enumerate(seen) if colour == "blue"] in ([0, 2], [1, 3])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service whose only lane is a process, before which few may wait."""
    few = {"ROADSIGHT_LANES": "1", "ROADSIGHT_QUEUE_FRAMES": str(WAITING)}
    with house(tmp_path_factory.mktemp("bundles"), **few) as running:
        yield running


@pytest.mark.parametrize("model", [GRAPH, CAMERA])
def test_where_too_many_wait_the_lowest_priority_of_the_camera_makes_room(small: House, way: Any, model: str) -> None:
    address, lowest = small.address if way is HTTP else small.grpc, list[Future[None]]()
    with ThreadPoolExecutor(32) as pool:

        def full() -> bool:
            lowest.append(pool.submit(ask, way, address, model, "red", priority=3))
            return metric(small.url, "roadsight_queue_depth") == WAITING

        with small.paused():
            until(full)
            highest = [pool.submit(ask, way, address, model, "blue", priority=1) for _ in range(WAITING)]
            until(lambda: sum(HIGHER in told(one) for one in lowest if one.done()) == WAITING)
            with pytest.raises(InferenceServerException, match=f"{WAITING} frames wait already"):
                ask(way, address, model, "green", priority=1)
        for one in highest:
            one.result(20)
    assert sum(HIGHER in told(one) for one in lowest) == WAITING


def told(answer: "Future[None]") -> str:
    return str(answer.exception(20))


def test_a_priority_that_is_not_there_is_refused_with_those_that_are(small: House, way: Any) -> None:
    address = small.address if way is HTTP else small.grpc
    with pytest.raises(InferenceServerException, match="'priority': expected a whole number from 0 to 3, got '4'"):
        ask(way, address, GRAPH, "red", priority=4)
    ask(way, address, GRAPH, "red", priority=3)


def test_the_configuration_says_which_there_are_and_the_server_that_they_count(small: House) -> None:
    with HTTP.InferenceServerClient(small.address) as client:
        said = client.get_model_config(CAMERA)["dynamic_batching"]
        assert said == {"priority_levels": 3, "default_priority_level": 2}
        assert "schedule_policy" in client.get_server_metadata()["extensions"]
    with GRPC.InferenceServerClient(small.grpc) as client:
        batching = client.get_model_config(GRAPH).config.dynamic_batching
        assert (batching.priority_levels, batching.default_priority_level) == (3, 2)
        assert "schedule_policy" in client.get_server_metadata().extensions
