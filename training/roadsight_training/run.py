"""What a training run leaves behind: a folder that export needs, with the data, and nothing else.

recipe + labels + groups --create--> runs/<name>/ --open--> Run
                         BadRun                   BadRun, BadRecipe
Run, Dataset --held_back--> Samples that training never saw
             BadRun
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from roadsight_training.datasets import Dataset, Sample
from roadsight_training.errors import BadRun
from roadsight_training.recipe import Recipe, parse

RECIPE = "recipe.yaml"
LABELS = "labels.json"
VALIDATION = "validation.json"
SEEN = "seen.json"
PRECISION = "precision.txt"
DAMAGED = "damaged.txt"
LOGS = "logs"
HELD_BACK = "validation"  # what the tracks that a run held back are called where a split is asked for


@dataclass(frozen=True)
class Run:
    """A run folder that was read back."""

    folder: Path
    recipe: Recipe
    recipe_text: str
    labels: tuple[str, ...]  # index == logit column
    validation: frozenset[str]  # groups of samples that training never saw
    seen: frozenset[str]  # groups that it saw, or a training whose weights it started from
    precision: str  # what it is computed in: float32 or bfloat16

    @property
    def checkpoints(self) -> Path:
        """Where training keeps its checkpoints."""
        return self.folder / "checkpoints"

    @property
    def logs(self) -> Path:
        """TensorBoard's event files."""
        return self.folder / LOGS

    @property
    def best(self) -> Path:
        """From the epoch with the lowest loss, or that withstood most, or the last, by the recipe; averaged weights."""
        return self.checkpoints / "best.ckpt"

    @property
    def last(self) -> Path:
        """The newest: where `--resume` goes on, in the middle of an epoch, too."""
        return self.checkpoints / "last.ckpt"


def create(
    folder: Path,
    recipe_text: str,
    labels: tuple[str, ...],
    validation: frozenset[str],
    seen: frozenset[str],
    precision: str,
    damaged: Sequence[str] = (),
) -> Run:
    """Makes the folder of a new run; it is there whole, or not at all.

    Args:
        folder: is not there yet.
        recipe_text: YAML that needs no other file.
        labels: index == logit column.
        validation: groups of samples that training never sees.
        seen: groups that it sees, or a training whose weights it starts from saw.
        precision: what the recipe says, or what `auto` found to be faster.
        damaged: what could not be read and was left out, a line each, to be looked into.

    Raises:
        BadRun: the folder is there already.
    """
    if folder.exists():
        raise BadRun(folder, "is there already; --resume goes on with it, --out names another")
    texts = {
        RECIPE: recipe_text,
        LABELS: json.dumps(labels, indent=1) + "\n",
        VALIDATION: json.dumps(sorted(validation), indent=1) + "\n",
        SEEN: json.dumps(sorted(seen), indent=1) + "\n",
        PRECISION: precision + "\n",
        DAMAGED: "".join(f"{line}\n" for line in damaged),
    }
    unfinished = folder.with_name(f".{folder.name}.new")
    unfinished.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (unfinished / name).write_text(text, encoding="utf-8")
    unfinished.rename(folder)
    return open_run(folder)


def wait_for(folder: Path, seconds: float) -> Run:
    """Opens a run that another process makes; raises as `open_run` does, and where it is not there in time."""
    end = time.monotonic() + seconds
    while not folder.exists() and time.monotonic() < end:
        time.sleep(0.2)
    return open_run(folder)


def open_run(folder: Path) -> Run:
    """Reads a run folder.

    Raises:
        BadRun: a file that `create` wrote is missing or damaged.
        BadRecipe: its recipe is not understood.
    """
    texts = {}
    for name in (RECIPE, LABELS, VALIDATION, SEEN, PRECISION):
        if not (folder / name).is_file():
            raise BadRun(folder / name, "no such file; a folder that `roadsight train` made is expected")
        texts[name] = (folder / name).read_text(encoding="utf-8")
    try:
        labels, validation, seen = (json.loads(texts[name]) for name in (LABELS, VALIDATION, SEEN))
    except ValueError as error:
        raise BadRun(folder, f"{LABELS}, {VALIDATION} or {SEEN} is not JSON") from error
    recipe = parse(texts[RECIPE], folder / RECIPE)
    groups = frozenset(validation), frozenset(seen)
    return Run(folder, recipe, texts[RECIPE], tuple(labels), *groups, texts[PRECISION].strip())


def run_of(path: Path) -> Run:
    """Opens a run by its folder or by one of its checkpoints; raises as `open_run` does."""
    return open_run(path.resolve().parent.parent if path.suffix == ".ckpt" else path)


def held_back(run: Run, dataset: Dataset) -> tuple[Sample, ...]:
    """Finds the samples that the run held back for validation.

    Raises:
        BadRun: some are missing.
        BadDataset: the recipe's split is.
    """
    options = run.recipe.data
    rows = [sample for split in options.splits for sample in dataset.select(split, options.kind)]
    held = tuple(sample for sample in rows if sample.group in run.validation)
    if {sample.group for sample in held} != run.validation:
        raise BadRun(run.folder, f"its validation tracks are not all in {dataset.folder}: another data set?")
    return held
