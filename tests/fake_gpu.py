"""A machine whose GPU is its CPU: everything of the GPU's way but the provider itself."""

from pathlib import Path

import pytest
from onnxruntime import InferenceSession

from roadsight_models import providers, runners, session
from roadsight_models.errors import ProviderMissing
from roadsight_models.providers import Opened
from roadsight_models.runners import Gpu
from roadsight_models.staged import Staged

BROKEN = "a CUDA library is missing"


def install(monkeypatch: pytest.MonkeyPatch, without_graphs: str | None = None) -> list[Gpu]:
    """Lets `cuda` and `tensorrt` open on the CPU; gives what each session was allowed, as they are opened."""
    allowed: list[Gpu] = []

    def open_staged(path: Path, _: str, dimension: str, float16: bool, gpu: Gpu, cache: Path) -> Staged:
        allowed.append(gpu)
        staged = runners.open_staged(path, "cpu", dimension, float16, gpu, cache)
        staged.without_graphs = without_graphs
        return staged

    def open_graph(path: Path, asked: str, threads: int) -> Opened[InferenceSession]:
        return Opened(providers.open_on(path, "cpu", threads), asked, None)

    monkeypatch.setattr(session, "open_staged", open_staged)
    monkeypatch.setattr(providers, "open_graph", open_graph)
    return allowed


def fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets `auto` find a GPU that does not work."""

    def open_staged(*_: object) -> Staged:
        raise ProviderMissing(BROKEN)

    monkeypatch.setattr(providers, "no_gpu", lambda: None)
    monkeypatch.setattr(session, "open_staged", open_staged)
