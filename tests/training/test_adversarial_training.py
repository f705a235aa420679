"""Runs against an adversary: that they withstand more, what is kept of them, and when they end."""

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from roadsight_training.datasets import Dataset, open_dataset
from roadsight_training.datasets.pictures import crops
from roadsight_training.errors import BadRecipe
from roadsight_training.fit import fit, load_best
from roadsight_training.fitting import Fitting
from roadsight_training.hardening import climb, judging_walk, off_target
from roadsight_training.judging.history import read_history
from roadsight_training.judging.report_plots import history_plot
from roadsight_training.loading import Batch
from roadsight_training.patience import collapsed
from roadsight_training.prepare import divide
from roadsight_training.recipe import Adversary, parse
from roadsight_training.run import Run
from training.checkpoint import differences, state
from training.tiny import asked, learnable, recipe

EPSILON = 0.1
LABELS = ("speed_limit_20", "speed_limit_30", "speed_limit_50")
METHODS: dict[str, dict[str, object]] = {
    "pgd": {"method": "pgd", "epsilon": EPSILON, "steps": 4},
    "fast": {"method": "fast", "epsilon": EPSILON},
    "trades": {"method": "trades", "epsilon": EPSILON, "steps": 4, "beta": 1},
}
FIT: dict[str, object] = {"epochs": 12, "batch_size": 8, "learning_rate": 0.01, "average_decay": 0.8}


def written(path: Path, **parts: Mapping[str, object]) -> Path:
    """A recipe for three classes."""
    return recipe(path, data={"labels": LABELS}, **parts)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(learnable(tmp_path_factory.mktemp("adversarial") / "data"))


@pytest.fixture(scope="module")
def plain(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("plain")
    return fit(written(place / "r.yaml", fit=FIT), dataset, place / "run")


@pytest.fixture(scope="module")
def hardened(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """The run against an adversary, by its method; each is trained once."""

    @cache
    def trained(method: str) -> Run:
        place = tmp_path_factory.mktemp(method)
        return fit(written(place / "r.yaml", adversary=METHODS[method], fit=FIT), dataset, place / "run")

    return trained


def robust_top1(run: Run, dataset: Dataset) -> float:
    """Of the checkpoint that is kept, on all pictures that it was not trained on."""
    known, _, held = divide(run.recipe, dataset)
    samples = [*held, *known.select("test", "auto")]
    frames = torch.from_numpy(crops(known, samples, run.recipe.input))
    indices = torch.tensor([sample.index for sample in samples])
    targets, network = torch.eye(len(run.labels))[indices], load_best(run)
    walk = judging_walk(Adversary.model_validate(METHODS["pgd"]))
    bent = climb(network, frames, off_target(targets), walk, torch.Generator().manual_seed(0))
    return float((network(bent).logits.argmax(1) == indices).float().mean())


@pytest.mark.parametrize("method", METHODS)
def test_a_run_against_an_adversary_withstands_more_than_a_plain_one(
    method: str, dataset: Dataset, plain: Run, hardened: Callable[[str], Run]
) -> None:
    assert robust_top1(hardened(method), dataset) > robust_top1(plain, dataset) + 0.2


def test_the_checkpoint_that_withstands_most_is_kept_and_both_figures_are_logged(
    hardened: Callable[[str], Run],
) -> None:
    run = hardened("pgd")
    history = read_history(run.logs, run.recipe.fit.keep)
    robust, clean = history["val_robust_top1"], history["val_top1"]
    assert len(robust.values) == len(clean.values) == 12
    assert np.mean(robust.values) < np.mean(clean.values)
    stored = state(run.best)
    assert history.kept_step == robust.steps[stored["epoch"]]
    assert robust.values[stored["epoch"]] == max(robust.values)
    assert "validation, attacked" in [line.get_label() for line in history_plot(history).axes[1].get_lines()]


def test_so_many_validation_pictures_are_attacked_as_the_recipe_says(dataset: Dataset, tmp_path: Path) -> None:
    few = METHODS["fast"] | {"pictures": 7}
    run = fit(written(tmp_path / "r.yaml", adversary=few), dataset, tmp_path / "run")
    sevenths = np.array(read_history(run.logs)["val_robust_top1"].values) * 7
    assert sevenths == pytest.approx(np.rint(sevenths), abs=1e-4)


def test_validation_is_bent_by_who_judges_whatever_is_trained_against(dataset: Dataset, tmp_path: Path) -> None:
    still = METHODS["fast"] | {"judging_epsilon": 0, "pictures": 1024}
    run = fit(written(tmp_path / "r.yaml", adversary=still, fit={"epochs": 3}), dataset, tmp_path / "run")
    history = read_history(run.logs)
    assert history["val_robust_top1"].values == history["val_top1"].values
    assert history["val_robust_loss"].values == pytest.approx(history["val_loss"].values, rel=1e-4)


def test_an_adversary_that_can_not_move_changes_nothing(dataset: Dataset, tmp_path: Path) -> None:
    parts: dict[str, dict[str, object]] = {
        "network": {"dropout": 0.3, "batch_norm": True},
        "augment": {"mixup": 0.3},
        "fit": {"epochs": 3},
    }
    ends = []
    for name, more in {"plain": {}, "still": {"adversary": {"method": "fast", "epsilon": 0}}}.items():
        run = fit(written(tmp_path / f"{name}.yaml", **parts, **more), dataset, tmp_path / name)
        ends.append(state(run.last))
    for part in ("state_dict", "current_model_state", "averaging_state", "optimizer_states", "lr_schedulers"):
        assert not differences(*(end[part] for end in ends))


def test_teachers_mixup_and_bfloat16_go_together_with_an_adversary(
    dataset: Dataset, plain: Run, tmp_path: Path
) -> None:
    path = written(
        tmp_path / "r.yaml",
        distil={"teachers": [str(plain.folder)], "share": 0.5},
        augment={"mixup": 0.3},
        adversary=METHODS["trades"],
        fit=FIT | {"precision": "bfloat16"},
    )
    run = fit(path, dataset, tmp_path / "run")
    assert robust_top1(run, dataset) > robust_top1(plain, dataset) + 0.2


ROBUST = (0.1, 0.3, 0.4, 0.36, 0.41, 0.38, 0.02, 0.01)  # of the epochs of an invented run
COLLAPSE = 6


@pytest.fixture
def invented() -> Iterator[None]:
    """Makes validation give these figures, whatever the network has learnt."""

    def say(fitting: Fitting, batch: Batch, _: int, dataloader_idx: int = 0) -> None:
        for name, value in (("val_loss", 1.0), ("val_robust_top1", ROBUST[fitting.current_epoch])):
            if dataloader_idx == 0:
                fitting.log(name, value, batch_size=len(batch.frames), add_dataloader_idx=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fitting, "validation_step", say)
        yield


def test_a_run_that_collapses_ends_and_what_it_was_before_is_kept(
    dataset: Dataset, tmp_path: Path, invented: None, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path / "r.yaml", adversary=METHODS["fast"], fit={"epochs": len(ROBUST)})
    with caplog.at_level(logging.WARNING):
        run = fit(path, dataset, tmp_path / "run")
    assert "robust top-1 fell from 41.0 % to 2.0 %" in caplog.text
    assert state(run.last)["epoch"] == COLLAPSE
    assert state(run.best)["epoch"] == ROBUST.index(max(ROBUST))
    assert read_history(run.logs).kept_step == read_history(run.logs)["val_loss"].steps[4]
    saved = run.last.read_bytes(), run.best.read_bytes()
    fit(path, dataset, tmp_path / "run", resume=True)
    assert (run.last.read_bytes(), run.best.read_bytes()) == saved


@pytest.mark.parametrize(
    ("robust", "highest", "over"),
    [
        (0.0, 0.4, True),
        (0.19, 0.4, True),
        (0.21, 0.4, False),  # a bad epoch
        (0.4, 0.3, False),
        (0.01, 0.05, False),  # at the beginning, where nothing is withstood yet
        (0.0, 0.0, False),
    ],
)
def test_a_collapse_is_told_from_ups_and_downs(robust: float, highest: float, over: bool) -> None:
    assert collapsed(robust, highest) == over


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "fast", "steps": 3}, r"adversary: .*steps goes with method: pgd or trades"),
        ({"method": "pgd", "beta": 3}, r"adversary: .*beta goes with method: trades"),
        ({"method": "pdg"}, r"adversary\.method: Input should be 'pgd', 'fast' or 'trades'"),
        ({"epsilon": "8/0"}, r"adversary\.epsilon: .*8/0: a division by zero"),
        ({"epsilon": "much"}, r"adversary\.epsilon: .*got 'much'"),
        ({"epsilon": 8}, r"adversary\.epsilon: Input should be less than or equal to 1"),
        ({"epsilon": "-1/255"}, r"adversary\.epsilon: .*not negative, got '-1/255'"),
        ({"norm": "l2"}, r"adversary\.norm: Input should be 'linf'"),
        ({"step": 0}, r"adversary\.step: Input should be greater than 0"),
        ({"step_size": 0.1}, r"unknown key 'adversary\.step_size'; did you mean 'steps'\?"),
        ({"judging_epsilon": "8/0"}, r"adversary\.judging_epsilon: .*8/0: a division by zero"),
        ({"judging_epsilon": 8}, r"adversary\.judging_epsilon: Input should be less than or equal to 1"),
        ({"pictures": 0}, r"adversary\.pictures: Input should be greater than or equal to 1"),
    ],
)
def test_an_adversary_that_is_not_understood_is_refused(options: dict[str, object], said: str) -> None:
    whole = asked(adversary={"method": "pgd", "epsilon": "8/255"} | options)
    with pytest.raises(BadRecipe, match=said):
        parse(yaml.safe_dump(whole), Path("r.yaml"))


@pytest.mark.parametrize("options", [{"keep": "last"}, {"early_stopping": 3}, {"schedule": "plateau"}])
def test_what_goes_by_clean_pictures_alone_is_refused(options: dict[str, object]) -> None:
    whole = asked(adversary=METHODS["pgd"], fit=options)
    with pytest.raises(BadRecipe, match="adversary: keep: last, early_stopping and plateau of fit do not heed"):
        parse(yaml.safe_dump(whole), Path("r.yaml"))


def test_an_epsilon_is_written_as_a_ratio_or_as_a_number() -> None:
    for written in ("8/255", 8 / 255, "0.031372549", 0):
        understood = parse(
            yaml.safe_dump(asked(adversary={"method": "fast", "epsilon": written})), Path("r.yaml")
        ).adversary
        assert understood is not None
        assert understood.epsilon == pytest.approx(8 / 255 if written else 0)
