"""Which of a bundle's graphs a session opens: the same network in float32, float16 or int8.

asked (auto | float32 | float16 | int8), provider, Manifest --choose--> Graph (precision, file, tolerance)
                                                    PrecisionMissing
"""

import platform
from pathlib import Path
from typing import NamedTuple

from roadsight_models.asked import Precision
from roadsight_models.bundle import CLASSIFIER
from roadsight_models.errors import PrecisionMissing
from roadsight_models.manifest import Manifest, PrecisionName

CPU_INFO = Path("/proc/cpuinfo")
# A CPU without one of these multiplies bytes more slowly than floats.
DOT_PRODUCTS = {"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"}


class Graph(NamedTuple):
    """One graph of a bundle."""

    precision: PrecisionName
    file: str
    golden_tolerance: float  # largest difference in probability that the self-test accepts


def choose(manifest: Manifest, provider: str, asked: Precision = "auto") -> Graph:
    """Chooses the graph for a provider.

    `auto` takes float16 on a GPU where the bundle has it (how fast it is there is not measured), and int8 on a CPU that
    multiplies bytes in one instruction where it was measured to be faster; else float32.

    Args:
        manifest: lists the graphs.
        provider: what they would run on: cpu, cuda or tensorrt.
        asked: a precision by name, or auto.

    Raises:
        PrecisionMissing: the bundle has no graph in the precision that was asked for by name.
    """
    graphs = {"float32": Graph("float32", CLASSIFIER, manifest.golden_tolerance)} | {
        one.name: Graph(one.name, one.file, one.golden_tolerance) for one in manifest.precisions
    }
    if asked != "auto":
        if asked not in graphs:
            raise PrecisionMissing(f"{manifest.name} {manifest.version} has no {asked} graph, only {', '.join(graphs)}")
        return graphs[asked]
    if provider != "cpu":
        return graphs.get("float16", graphs["float32"])
    faster = {one.name for one in manifest.precisions if one.latency_ratio is not None and one.latency_ratio < 1}
    return graphs["int8" if "int8" in faster and has_dot_products() else "float32"]


def has_dot_products() -> bool:
    """Whether this CPU multiplies and adds bytes in one instruction; where that can't be told, it counts as no."""
    if platform.system() == "Darwin":
        return platform.machine() == "arm64"
    if not CPU_INFO.is_file():
        return False
    flags = (line for line in CPU_INFO.read_text().splitlines() if line.lower().startswith(("flags", "features")))
    return not DOT_PRODUCTS.isdisjoint(next(flags, "").split())
