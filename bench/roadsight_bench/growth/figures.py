"""What `bench/growth.json` holds, and what is missed.

Sample(s) --summary--> {"1280x720 8r 2t c16": {"answers_per_s": ..., "cost": ..., "samples": [...]}, ...} --misses-->

`cost`: a frame costs decode + `cost` x the bare inference of its crops; HTTP, crop and waiting are in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from statistics import median

from roadsight_bench.growth.loads import COSTED
from roadsight_bench.growth.measure import Measured, Sample
from roadsight_bench.results import Figures, combined
from roadsight_bench.targets import GENERATOR_CORES

CAMERAS, FRAMES_PER_S = 1_000, 10
BUSY = 4  # connections a core that keep it busy; fewer say nothing of capacity
MOST_COST = 1.1
LEAST_RATIO_ALONE = 1 / 1.15  # one connection: within 1.15 of the latency of the loop


def summary(measured: Measured) -> dict[str, Figures]:
    """Medians over the rounds, by load and connections; see the top of this file."""
    return {
        f"{load.name} c{connections}": combined([_sample(sample, connections) for sample in samples])
        for (load, connections), samples in measured.items()
    }


def _sample(sample: Sample, connections: int) -> Figures:
    served = sample.service
    core_ms = 1e3 * sample.cores / served.answers_per_s
    busy = connections >= BUSY * sample.cores
    return {
        "ratio": served.answers_per_s / sample.loop_per_s,
        "loop_per_s": sample.loop_per_s,
        "decode_ms": sample.decode_ms,
        "inference_ms": sample.inference_ms,
        "cost": (core_ms - sample.decode_ms) / sample.inference_ms,
        "cores_for_1000_cameras": core_ms / 1e3 * CAMERAS * FRAMES_PER_S if busy else None,
        **asdict(served),
    }


def batches(measured: Mapping[str, Mapping[int, list[float]]]) -> dict[str, Figures]:
    """Medians over the rounds: {"road-object int8": {"1": ms a crop, ..., "32": ms a crop}, ...}."""
    return {name: {str(size): median(found) for size, found in sizes.items()} for name, sizes in measured.items()}


def misses(loads: Mapping[str, Figures]) -> Iterator[str]:
    """What is missed, and by how much; and which figures are not to be believed."""
    for name, one in loads.items():
        if name.endswith(" c1") and one["ratio"] < LEAST_RATIO_ALONE:
            yield f"{name} {1 / one['ratio']:.2f} of the loop's latency > 1.15"
        if name.startswith(COSTED.name) and one["cost"] > MOST_COST:
            yield f"{name} decode + {one['cost']:.2f} x inference > {MOST_COST}"
        if one["failed"]:
            yield f"{name} {one['failed']} failed"
        if one["generator_cores"] > GENERATOR_CORES:
            yield f"{name} generator busy, {one['generator_cores']:.2f} of its core: not to be believed"
