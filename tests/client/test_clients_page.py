"""docs/clients.md: its examples run, each by itself, against the real service."""

import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest

from client.adapters.drives import compressed, mcap, message, video
from pictures import BLUE, RED, encoded, striped
from running import serve_watched

PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)

# What each example prints, among other things, in the order of the page.
SAYS = (
    "label='red'", "['0', '1', '2', '3']", "red", "2.jpg ok", "Answer", "1.0.0", "1714810800100000000 ok", "1 ok",
    "2.jpg blue",
)  # fmt: skip


class Sensor:
    """Calls back as a camera of CARLA does, on another thread, until it is stopped."""

    def __init__(self) -> None:
        self._stopped = Event()

    def listen(self, callback: Callable[[Any], None]) -> None:
        def drive() -> None:
            for step in count():
                if self._stopped.wait(0.01):
                    return
                bgra = memoryview(b"\x00\x00\xff\xff" * (40 * 40))
                callback(SimpleNamespace(raw_data=bgra, width=40, height=40, frame=step, timestamp=step / 100))

        Thread(target=drive).start()

    def stop(self) -> None:
        self._stopped.set()


class Node:
    """Calls back as a node of ROS 2 does."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def create_subscription(self, kind: object, topic: str, callback: Callable[[Any], None], depth: int) -> None:
        callback(message(compressed(striped(RED), 0)))

    def get_logger(self) -> Any:
        return SimpleNamespace(info=self.said.append)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_watched(tmp_path_factory.mktemp("bundles")) as (url, _):
        yield url


@pytest.fixture
def _beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """What the examples find where they run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROADSIGHT_URL", url)
    (tmp_path / "frame.jpg").write_bytes(encoded(striped(RED), ".jpg"))
    (tmp_path / "pictures").mkdir()
    for name, colour in (("1.jpg", RED), ("2.jpg", BLUE)):
        (tmp_path / "pictures" / name).write_bytes(encoded(striped(colour), ".jpg"))
    video(tmp_path / "drive.mp4", RED, BLUE)
    mcap(tmp_path / "drive.mcap", RED, BLUE)


@pytest.mark.parametrize(("example", "says"), list(zip(EXAMPLES, SAYS, strict=True)), ids=SAYS)
def test_an_example_runs(example: str, says: str, url: str, _beside: None, capsys: pytest.CaptureFixture[str]) -> None:
    sensor, node = Sensor(), Node()
    names: dict[str, Any] = {"sensor": sensor, "node": node, "CompressedImage": object, "__name__": "example"}
    try:
        exec(compile(example.replace("http://127.0.0.1:8080", url), "docs/clients.md", "exec"), names)
    finally:
        sensor.stop()
        if "client" in names:
            names["client"].close()
    assert says in capsys.readouterr().out + "".join(node.said)
