"""How long ONNX Runtime takes for one picture, all networks side by side.

graphs --rounds, in turn--> milliseconds a network
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from roadsight_models.frame import Pixels
from roadsight_models.providers import open_graph

ROUNDS = 15
TRIES = 3  # in a row; the quickest counts, because what slows a try is other work


def latencies(graphs: Mapping[str, Path], rounds: int = ROUNDS) -> dict[str, float]:
    """Times every graph on one picture and one CPU thread, in turn, so that noise of the machine falls on all alike.

    Args:
        graphs: ONNX files by name; all are held open.
        rounds: how often each has its turn.

    Returns:
        Milliseconds: the median over the rounds.
    """
    sessions = {name: open_graph(path, "cpu", 1).session for name, path in graphs.items()}
    frames = {name: _noise(session.get_inputs()[0].shape[1:]) for name, session in sessions.items()}
    taken: dict[str, list[float]] = {name: [] for name in graphs}
    for _ in range(rounds + 1):  # the first round warms up
        for name, session in sessions.items():
            tries = []
            for _ in range(TRIES):
                start = time.perf_counter()
                session.run(["logits"], {"frames": frames[name]})
                tries.append(time.perf_counter() - start)
            taken[name].append(min(tries))
    return {name: 1000 * median(times[1:]) for name, times in taken.items()}


def _noise(shape: Sequence[int]) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (1, *shape), np.uint8)
