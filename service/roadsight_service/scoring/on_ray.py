"""The same work, by many processes on many machines: Ray Data hands out units, and begins anew what was lost.

Units --Judge, an actor each--> parts, a Tally a unit

A unit that is done twice writes the same parts twice.
"""

import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import ray
import ray.data

from roadsight_service.scoring.boxes import Boxes
from roadsight_service.scoring.output import Output
from roadsight_service.scoring.scorer import Scorer
from roadsight_service.scoring.work import Tally, Unit, parts
from roadsight_service.settings import Settings

Batch = dict[str, "np.ndarray[Any, Any]"]  # of one unit, or one tally, pickled


class Judge:
    """Does units, on one core or a part of a GPU."""

    def __init__(self, settings: Settings, boxes: Boxes, where: str) -> None:
        self._scorer, self._output = Scorer(settings, boxes), Output(where)
        self._output.begin(self._scorer.run())  # refuses where this machine would judge otherwise, as without a GPU

    def __call__(self, batch: Batch) -> Batch:
        """Is called by Ray."""
        tally = Tally()
        for part in parts(pickle.loads(batch["unit"][0]), self._scorer, self._output):
            tally.add(part)
        return {"tally": np.array([pickle.dumps(tally)], object)}


def over_ray(
    units: Sequence[Unit], settings: Settings, boxes: Boxes, where: str, workers: int, gpus: float
) -> Iterator[Tally]:
    """Does all units on the cluster that RAY_ADDRESS names, or on this machine; every node must see the recordings.

    Args:
        units: what to do.
        settings: of the models.
        boxes: see `Scorer`.
        where: see `Output`.
        workers: how many processes.
        gpus: of each.
    """
    ray.init(log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        left = [{"unit": pickle.dumps(unit)} for unit in units]
        done = ray.data.from_items(left, override_num_blocks=len(left)).map_batches(
            Judge,
            fn_constructor_args=(settings, boxes, where),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(workers, len(left))),
            num_cpus=1,
            num_gpus=gpus,
        )
        for row in done.iter_rows():
            yield pickle.loads(row["tally"])
    finally:
        ray.shutdown()
