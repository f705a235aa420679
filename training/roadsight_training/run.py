"""What a training run leaves behind: a folder that export needs, with the data, and nothing else.

recipe + labels + validation groups --create--> runs/<name>/ --open--> Run
                                    BadRun                   BadRun, BadRecipe
"""

import json
from dataclasses import dataclass
from pathlib import Path

from roadsight_training.errors import BadRun
from roadsight_training.recipe import Recipe, parse

RECIPE = "recipe.yaml"
LABELS = "labels.json"
VALIDATION = "validation.json"


@dataclass(frozen=True)
class Run:
    """A run folder that was read back."""

    folder: Path
    recipe: Recipe
    recipe_text: str
    labels: tuple[str, ...]  # index == logit column
    validation: frozenset[str]  # groups of samples that training never saw

    @property
    def checkpoints(self) -> Path:
        """Where training keeps its checkpoints."""
        return self.folder / "checkpoints"

    @property
    def best(self) -> Path:
        """The epoch with the lowest validation loss; its weights are the averaged ones."""
        return self.checkpoints / "best.ckpt"

    @property
    def last(self) -> Path:
        """The newest epoch: where `--resume` goes on."""
        return self.checkpoints / "last.ckpt"


def create(folder: Path, recipe_text: str, labels: tuple[str, ...], validation: frozenset[str]) -> Run:
    """Makes the folder of a new run.

    Raises:
        BadRun: the folder is there already.
    """
    if folder.exists():
        raise BadRun(folder, "is there already; --resume goes on with it, --out names another")
    folder.mkdir(parents=True)
    (folder / RECIPE).write_text(recipe_text, encoding="utf-8")
    (folder / LABELS).write_text(json.dumps(labels, indent=1) + "\n", encoding="utf-8")
    (folder / VALIDATION).write_text(json.dumps(sorted(validation), indent=1) + "\n", encoding="utf-8")
    return open_run(folder)


def open_run(folder: Path) -> Run:
    """Reads a run folder.

    Raises:
        BadRun: a file that `create` wrote is missing or damaged.
        BadRecipe: its recipe is not understood.
    """
    texts = {}
    for name in (RECIPE, LABELS, VALIDATION):
        if not (folder / name).is_file():
            raise BadRun(folder / name, "no such file; a folder that `roadsight train` made is expected")
        texts[name] = (folder / name).read_text(encoding="utf-8")
    try:
        labels, validation = json.loads(texts[LABELS]), json.loads(texts[VALIDATION])
    except ValueError as error:
        raise BadRun(folder, f"{LABELS} or {VALIDATION} is not JSON") from error
    recipe = parse(texts[RECIPE], folder / RECIPE)
    return Run(folder, recipe, texts[RECIPE], tuple(labels), frozenset(validation))
