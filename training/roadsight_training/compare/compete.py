"""One network under the budget.

recipe --seconds_a_step--> epochs that the budget pays for --fit--> best checkpoint --to_onnx--> graph --judge--> Result
"""

import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from roadsight_models.frame import Pixels
from roadsight_models.providers import open_graph
from roadsight_training.compare.result import Result
from roadsight_training.datasets import Dataset, Sample, open_dataset
from roadsight_training.datasets.pictures import crops
from roadsight_training.errors import BadRun
from roadsight_training.fit import fit, load_best
from roadsight_training.graph import check_parity, onnx_logits, to_onnx
from roadsight_training.judging.answers import Reading
from roadsight_training.judging.evaluation import measure
from roadsight_training.judging.history import read_history
from roadsight_training.prepare import Parts, decode_parts, training_loader
from roadsight_training.recipe import Recipe, parse, text_of
from roadsight_training.run import RECIPE, Run
from roadsight_training.stopwatch import Stopwatch, faster_precision, seconds_a_step
from roadsight_training.summary import summarise

GRAPH = "classifier.onnx"
LOG = "log.txt"
ASKED = "asked.json"
Asked = tuple[Pixels, tuple[Sample, ...]]  # uint8 [N, h, w, 3], and whose crops they are
PARITY = 64  # pictures that ONNX Runtime and torch are compared on


@dataclass(frozen=True)
class Rules:
    """What is the same for all."""

    data: Path
    out: Path
    budget_seconds: float
    split: str
    threads: int


def compete(recipe_path: Path, rules: Rules) -> Result:
    """Trains and measures one network; what it prints goes to `log.txt` in its folder.

    A network that has competed is not trained again; one that was interrupted goes on.

    Raises:
        BadRun: it has competed or begun under other rules.
        BadRecipe, BadDataset, BadSplit, BadWeights, ParityBroken: as training and export do.
    """
    recipe = parse(text_of(recipe_path), recipe_path)
    folder = rules.out / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    _check(folder, text_of(recipe_path), rules)
    if (done := Result.load(folder)) is not None:
        return done
    torch.set_num_threads(rules.threads)
    with (folder / LOG).open("a", encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
        result = _compete(recipe, recipe_path, folder, rules)
    result.save(folder)
    return result


def _check(folder: Path, recipe_text: str, rules: Rules) -> None:
    """Refuses to go on with what was begun under other rules, or from another recipe of the same name."""
    asked = {"recipe": recipe_text, **asdict(rules), "data": str(rules.data)}
    del asked["out"]  # where the folder lies does not matter
    text, noted = json.dumps(asked, indent=2) + "\n", folder / ASKED
    if noted.is_file() and noted.read_text(encoding="utf-8") != text:
        differ = "recipe, budget, data set, split or number of threads"
        raise BadRun(folder, f"competed under another {differ}; --out names another folder")
    noted.write_text(text, encoding="utf-8")


def _compete(recipe: Recipe, recipe_path: Path, folder: Path, rules: Rules) -> Result:
    dataset = open_dataset(rules.data)
    asked = _asked(recipe, dataset, rules.split)  # what can't be read should be known now, not when the budget is spent
    run_folder, watch = folder / "run", Stopwatch()
    paid = folder / RECIPE
    if not paid.is_file():
        paid.write_text(
            _paid(recipe, recipe_path, decode_parts(recipe, dataset), rules.budget_seconds), encoding="utf-8"
        )
    run = fit(paid, dataset, run_folder, resume=run_folder.is_dir(), callbacks=[watch])
    return _judge(run, asked, watch, folder, rules)


def _asked(recipe: Recipe, dataset: Dataset, split: str) -> Asked:
    """The split that figures are for, as the recipe's crop rule cuts it."""
    known = dataset.only(recipe.data.labels) if recipe.data.labels else dataset
    samples = known.select(split)
    return crops(known, samples, recipe.input), samples


def _paid(recipe: Recipe, recipe_path: Path, parts: Parts, budget_seconds: float) -> str:
    """The recipe with the precision that is faster, and the epochs that the budget pays for."""
    precision: str = recipe.fit.precision
    if precision == "auto":
        precision = faster_precision(recipe, parts)
    alone = recipe.fit.model_copy(update={"workers": 0})  # so that augmenting counts
    steps = budget_seconds / seconds_a_step(recipe.model_copy(update={"fit": alone}), parts, precision)
    loader, rounds = training_loader(
        recipe.model_copy(update={"fit": recipe.fit.model_copy(update={"epochs": 1.0})}), parts, 1
    )
    written: dict[str, Any] = yaml.safe_load(text_of(recipe_path))
    written["fit"] |= {"epochs": round(steps / (rounds * len(loader)), 3), "precision": precision, "workers": 0}
    return yaml.safe_dump(written, sort_keys=False, allow_unicode=True, width=120)


def _judge(run: Run, asked: Asked, watch: Stopwatch, folder: Path, rules: Rules) -> Result:
    """Measures the best checkpoint on the split, as ONNX Runtime computes it."""
    network, recipe = load_best(run), run.recipe
    frames, samples = asked
    graph = to_onnx(network, recipe.input)
    (folder / GRAPH).write_bytes(graph)
    check_parity(graph, network, frames[:PARITY])
    session = open_graph(folder / GRAPH, "auto", rules.threads).session
    report = measure(onnx_logits(session, frames), samples, Reading(run.labels))
    history = read_history(run.logs, recipe.fit.keep)
    kept = history.kept_step
    assert kept is not None  # it was validated, or there were no checkpoint
    summary = summarise(network, (recipe.input.height, recipe.input.width))
    steps = int(torch.load(run.last, weights_only=True)["global_step"])
    return Result(
        name=recipe.name,
        network=recipe.network.name,
        parameters=summary.parameters,
        macs=summary.macs,
        budget_seconds=rules.budget_seconds,
        threads=rules.threads,
        trained_seconds=round(steps * recipe.fit.accumulate * watch.mean, 1),
        precision=run.precision,
        epochs=recipe.fit.epochs,
        steps=steps,
        split=rules.split,
        n=report.n,
        top1=report.top1.value,
        top1_wilson=report.top1.interval,
        top1_between_tracks=report.between_tracks["top1"],
        validation_top1=history["val_top1"].at(kept),
        training_top1=history["fit_top1"].at(kept),
    )
