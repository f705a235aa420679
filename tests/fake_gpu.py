"""A machine whose GPU is its CPU: everything of the GPU's way but the provider itself."""

from pathlib import Path

import pytest

from roadsight_models import runners, session
from roadsight_models.runners import Gpu
from roadsight_models.staged import Staged


def install(monkeypatch: pytest.MonkeyPatch, without_graphs: str | None = None) -> list[Gpu]:
    """Lets `cuda` and `tensorrt` open on the CPU; gives what each session was allowed, as they are opened."""
    allowed: list[Gpu] = []

    def open_staged(path: Path, _: str, dimension: str, float16: bool, gpu: Gpu, cache: Path) -> Staged:
        allowed.append(gpu)
        staged = runners.open_staged(path, "cpu", dimension, float16, gpu, cache)
        staged.without_graphs = without_graphs
        return staged

    monkeypatch.setattr(session, "open_staged", open_staged)
    return allowed
