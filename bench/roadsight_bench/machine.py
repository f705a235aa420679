"""The machine that is measured: a figure without it says nothing."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import onnxruntime

from roadsight_models.gpu import gpu_name

CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """What figures depend on."""

    cpu: str
    cores: int  # that this process may use
    gpu: str | None  # the first one
    system: str
    python: str
    onnxruntime: str
    load_average: float  # of the minute before; what else ran, in cores


def look() -> Machine:
    """Looks at this machine."""
    return Machine(
        cpu=_cpu(),
        cores=cores(),
        gpu=gpu_name(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        onnxruntime=onnxruntime.__version__,
        load_average=os.getloadavg()[0],
    )


def cores() -> int:
    """How many cores this process may use: the service takes as many lanes."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu() -> str:
    lines = CPU_INFO.read_text().splitlines() if CPU_INFO.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")
