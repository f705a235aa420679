"""Changes of a model while the service runs, and the service that lets them happen.

bundles --two_versions--> bundles with a second version of one --launch--> Launch
Launch --Changer--> one version after the other is loaded
       LoadFailed
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from urllib.parse import urljoin

from roadsight_bench import service
from roadsight_bench.errors import LoadFailed
from roadsight_bench.launch import OK, Launch, post
from roadsight_bench.machine import cores
from roadsight_models import bundle

TASK, NAME, OTHER = "traffic_sign", "traffic-sign", "999.0.0"
KEY = "bench"
AUTHORIZATION = {"Authorization": f"Bearer {KEY}"}
LOADED_WITHIN_S = 180.0
BREATH_S = 0.1  # while the version before answers its last frames
CONFLICT = 409


class Changer:
    """Loads one version after the other as long as its block runs."""

    def __init__(self, launch: Launch, versions: Iterator[str], pause_s: float = 0.0) -> None:
        """Takes the versions in turn, without end, and how long each serves before the next is loaded."""
        self._url, self._versions = urljoin(launch.url, f"/v1/models/{TASK}/load"), versions
        self._pause_s = pause_s
        self._stop = Event()
        self.changes = self.within = 0

    def __enter__(self) -> "Changer":
        """Begins."""
        self._pool = ThreadPoolExecutor(1)
        self._loop = self._pool.submit(self._change)
        return self

    def __exit__(self, *_: object) -> None:
        """Ends, with the load that is in progress; that is a change, and none within the block."""
        self.within = self.changes
        self._stop.set()
        self._pool.shutdown()
        self._loop.result()

    def _change(self) -> None:
        for version in self._versions:
            self._load(version)
            self.changes += 1
            if self._stop.wait(self._pause_s):
                return

    def _load(self, version: str) -> None:
        body = json.dumps({"bundle": f"{NAME}@{version}"}).encode()
        until = monotonic() + LOADED_WITHIN_S
        while (answer := post(self._url, body, AUTHORIZATION, LOADED_WITHIN_S)) and answer.status == CONFLICT:
            if monotonic() > until:
                break
            sleep(BREATH_S)
        if answer is None or answer.status != OK:
            said = answer.body.decode(errors="replace") if answer else "no answer came"
            raise LoadFailed(f"{version} was not loaded: {said}")


@contextmanager
def two_versions(bundles: Path) -> Iterator[tuple[Path, list[str]]]:
    """The bundles, with a second version of one, which is the same but for its number; that one is named first.

    Raises:
        LoadFailed: that one is not there.
    """
    if NAME not in bundle.latest(bundles):
        raise LoadFailed(f"{bundles}: no bundle {NAME}, whose versions are changed")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "bundles"
        shutil.copytree(bundles, root)
        one = bundle.load(bundle.latest(root)[NAME])
        files = {name: (one.folder / name).read_bytes() for name in one.manifest.files}
        bundle.save(root, one.manifest.model_copy(update={"version": OTHER}), files)
        yield root, [OTHER, one.manifest.version]


def launch(root: Path, version: str, robustness: bool = False) -> Launch:
    """The service, with a key for every route, and no version that is kept warm for a while."""
    keys = {hashlib.sha256(KEY.encode()).hexdigest(): ["classify", "robustness", "admin"]}
    ours = service.launch(root, f"{NAME}@{version},road-object", "cpu", "auto", cores(), robustness)
    settings = {"ROADSIGHT_KEYS": json.dumps(keys), "ROADSIGHT_LOAD_WATCH_SECONDS": "0"}
    form = replace(ours.form, headers=ours.form.headers | AUTHORIZATION)
    return replace(ours, environment=ours.environment | settings, form=form)
