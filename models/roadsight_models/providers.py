"""Which execution provider runs a graph, and whether it really does.

    asked (auto | cpu | cuda | tensorrt) --open_first--> Opened (session, provider, why auto fell back)
                                         ProviderMissing
    graph, provider --open_on--> InferenceSession
                    ProviderMissing

ONNX Runtime falls back to the CPU without an error, so what a session runs on is compared with what was asked.
"""

import importlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import onnxruntime as ort

from roadsight_models import arena
from roadsight_models.asked import Provider
from roadsight_models.errors import ProviderMissing
from roadsight_models.gpu import no_gpu
from roadsight_models.provider_options import NAMES, Fixed, provider_options

Kind = TypeVar("Kind")
_LOG_FATAL = 4


@dataclass(frozen=True)
class Opened(Generic[Kind]):
    """A session, of whichever kind, and what it really runs on."""

    session: Kind
    provider: str  # "cpu", "cuda" or "tensorrt"
    fallback: str | None  # why `auto` did not get the GPU


def open_graph(path: Path, asked: Provider, threads: int) -> Opened[ort.InferenceSession]:
    """Opens a graph for batches of any size.

    Args:
        path: the ONNX file.
        asked: see `open_first`.
        threads: see `open_on`.

    Raises:
        ProviderMissing: see `open_first`.
    """
    return open_first(lambda provider: open_on(path, provider, threads), asked)


def open_first(open_: Callable[[str], Kind], asked: Provider) -> Opened[Kind]:
    """Opens on the provider that was asked for.

    Args:
        open_: opens on cpu, cuda or tensorrt; ProviderMissing where that is not there.
        asked: a provider by name, or `auto`: CUDA where there is an NVIDIA GPU, else the CPU.

    Raises:
        ProviderMissing: a provider asked for by name is not there or did not take the graph.
    """
    if asked != "auto":
        return Opened(open_(asked), asked, None)
    why = no_gpu()
    if why is None:
        try:
            return Opened(open_("cuda"), "cuda", None)
        except ProviderMissing as error:
            why = str(error)
    return Opened(open_("cpu"), "cpu", why)


def open_on(path: Path, provider: str, threads: int, fixed: Fixed | None = None) -> ort.InferenceSession:
    """Opens a graph on one provider, or not at all.

    Args:
        path: the ONNX file.
        provider: cpu, cuda or tensorrt.
        threads: intra-op threads; one where lanes run side by side.
        fixed: the one batch size that it will see; any if None.

    Raises:
        ProviderMissing: the provider is not there or did not take the graph.
    """
    name = NAMES[provider]
    if name not in ort.get_available_providers():
        raise ProviderMissing(f"this build of ONNX Runtime has no {name}; install 'roadsight[gpu]' on Linux x86-64")
    session = _session(path, provider, threads, fixed)
    if session.get_providers()[0] != name:
        raise ProviderMissing(
            f"{name} was asked for, but {path.name} would run on {session.get_providers()[0]}: "
            f"is there an NVIDIA driver, and is 'roadsight[gpu]' installed?"
        )
    return session


def _session(path: Path, provider: str, threads: int, fixed: Fixed | None) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_FATAL  # what goes wrong is raised here, in our words
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if provider == "cpu":
        arena.join(options)
    if fixed:
        options.add_free_dimension_override_by_name(fixed.dimension, fixed.size)
    try:
        if provider != "cpu":
            ort.preload_dlls()
            ort.set_default_logger_severity(_LOG_FATAL)  # cuDNN's search prints each plan that it can't have
        if provider == "tensorrt":
            with suppress(ImportError):  # pip puts TensorRT where no loader looks; its package loads it
                importlib.import_module("tensorrt")
        return ort.InferenceSession(
            str(path), options, providers=provider_options(provider, fixed), enable_fallback=False
        )
    except Exception as error:  # ONNX Runtime raises a dozen unrelated classes here
        raise ProviderMissing(f"{NAMES[provider]} did not take {path.name}: {error}") from error
