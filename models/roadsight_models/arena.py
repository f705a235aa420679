"""Where ONNX Runtime has the tensors of batches on a CPU: one arena for all sessions of a process.

SessionOptions --join--> a session on the arena
session on the arena --give_back--> sessions keep what they were opened with, and no more

By itself each session has an arena of its own, which grows by regions of twice the size of the last. What was too small
for the largest batch it keeps beside what was not, so it holds twice what that batch needs.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

# Of addresses: a page takes memory once it is written to, and every batch begins at the first.
REGION_BYTES = 64 << 20


def join(options: ort.SessionOptions) -> None:
    """Has a session that is to be opened take its memory from the arena, and keep its weights beside it.

    On a GPU neither: its memory limit must count the weights.
    """
    _register()
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")


def give_back(session: ort.InferenceSession, least: Mapping[str, npt.NDArray[Any]]) -> None:
    """Frees what batches took; those that come next begin a region.

    Args:
        session: has joined, and gives `logits`; runs once for it.
        least: its inputs, a batch of one.
    """
    binding = session.io_binding()
    for name, array in least.items():
        binding.bind_cpu_input(name, array)
    classes = next(output.shape[-1] for output in session.get_outputs() if output.name == "logits")
    # Beside the arena: in it a result would hold the region that it lies in.
    binding.bind_ortvalue_output("logits", ort.OrtValue.ortvalue_from_numpy(np.empty((1, classes), np.float32)))
    shrinks = ort.RunOptions()
    shrinks.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    session.run_with_iobinding(binding, shrinks)


@cache
def _register() -> None:
    memory = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(memory, ort.OrtArenaCfg({"initial_growth_chunk_size_bytes": REGION_BYTES}))
