"""All networks, each in a process of its own; then the table and the plots.

recipes --compete--> Results --latencies--> Timed --save_all--> compare.json --write_page--> table.md, two plots
"""

import logging
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from roadsight_models.errors import RoadsightError
from roadsight_training.compare.compete import GRAPH, Rules, compete
from roadsight_training.compare.latency import latencies
from roadsight_training.compare.result import Result, Timed
from roadsight_training.errors import BadRecipe, TrainingError
from roadsight_training.recipe import Recipe, read


def contest(paths: Sequence[Path], rules: Rules, workers: int) -> Iterator[Result]:
    """Lets every recipe compete; yields results as they come.

    Args:
        paths: recipes with names that differ.
        rules: the same for all.
        workers: how many train at a time.

    Raises:
        BadRecipe: two have one name, or their tasks or labels differ.
        TrainingError: as `compete`; those that are under way are finished first.
    """
    check([read(path) for path in paths])
    rules.out.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_NUM_THREADS"] = str(rules.threads)  # before torch is loaded in the new processes
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawned, max_tasks_per_child=1) as pool:
        try:
            for done in as_completed([pool.submit(_told, path, rules) for path in paths]):
                result = done.result()
                if isinstance(result, str):
                    raise TrainingError(result)
                yield result
        finally:  # after an error or Ctrl-C, those that have not begun never do
            pool.shutdown(cancel_futures=True)


def _told(path: Path, rules: Rules) -> Result | str:
    """The result, or what was wrong: an error of ours can't be sent from one process to another."""
    for name in ("pytorch_lightning", "lightning_fabric"):  # what they say to a reader of one run
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        return compete(path, rules)
    except RoadsightError as error:
        return f"{path.stem}: {error}"


def check(recipes: Sequence[Recipe]) -> None:
    """Refuses recipes that can't be compared; raises BadRecipe."""
    names = [recipe.name for recipe in recipes]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadRecipe("compare", f"{twice[0]!r} is the name of two recipes")
    if len({(recipe.task, recipe.data.labels) for recipe in recipes}) > 1:
        raise BadRecipe("compare", "the recipes differ in their task or labels; one task is compared at a time")


def timed(results: Sequence[Result], rules: Rules) -> list[Timed]:
    """Times all networks side by side on one picture."""
    milliseconds = latencies({result.name: rules.out / result.name / GRAPH for result in results})
    return [Timed(**result.model_dump(), milliseconds=milliseconds[result.name]) for result in results]
