from collections.abc import Sequence
from pathlib import Path

import pytest
from torch.utils.tensorboard import SummaryWriter

from roadsight_training.errors import BadRun
from roadsight_training.judging.history import Curve, History, read_history, verdict


def history(**figures: Sequence[float]) -> History:
    """One value an epoch of ten steps."""
    return History({name: Curve(tuple(range(10, 10 * len(v) + 1, 10)), tuple(v)) for name, v in figures.items()})


def test_far_better_on_what_it_was_shown_is_overfitting() -> None:
    told = verdict(
        history(val_loss=(1.0, 0.6, 0.5), fit_loss=(0.9, 0.2, 0.01), val_top1=(0.6, 0.8, 0.85), fit_top1=(0.7, 0.9, 1))
    )
    assert told.kind == "overfitting"
    assert told.why.startswith("Top-1 is 100.0% on training pictures and 85.0% on validation: over 3 points apart")


def test_the_checkpoint_that_is_judged_is_the_best_or_the_last() -> None:
    curves = history(val_loss=(0.5, 0.2, 0.3)).curves
    assert (History(curves).kept_step, History(curves, "last").kept_step) == (20, 30)
    assert History({}, "last").kept_step is None


def test_against_an_adversary_the_first_that_withstands_most_is_judged() -> None:
    assert history(val_loss=(0.1, 0.2, 0.3, 0.4), val_robust_top1=(0.1, 0.4, 0.3, 0.4)).kept_step == 20


def test_a_loss_that_rose_is_overfitting_whichever_checkpoint_is_kept() -> None:
    curves = history(
        val_loss=(0.5, 0.2, 0.6), fit_loss=(0.5, 0.2, 0.1), val_top1=(0.9, 0.95, 0.96), fit_top1=(0.9, 0.95, 0.97)
    ).curves
    for keep, said in (("best", "The checkpoint is from before that."), ("last", "The checkpoint is the last.")):
        told = verdict(History(curves, keep))  # type: ignore[arg-type]
        assert told.kind == "overfitting"
        assert "rose from 0.200 to 0.600" in told.why
        assert said in told.why


def test_a_gap_between_two_poor_figures_is_underfitting_first() -> None:
    told = verdict(history(val_loss=(2, 1.9), fit_loss=(2, 1.8), val_top1=(0.4, 0.5), fit_top1=(0.5, 0.6)))
    assert told.kind == "underfitting"


def test_a_validation_loss_that_rises_again_is_overfitting_and_the_kept_checkpoint_is_judged() -> None:
    told = verdict(
        history(
            val_loss=(0.5, 0.2, 0.25, 0.4),
            fit_loss=(0.5, 0.18, 0.1, 0.02),
            val_top1=(0.8, 0.94, 0.94, 0.93),
            fit_top1=(0.8, 0.95, 0.98, 1.0),
        )
    )
    assert told.kind == "overfitting"
    assert "After step 20 the validation loss rose from 0.200 to 0.400" in told.why
    assert "it fell from 0.180 to 0.020" in told.why
    assert "95.0% on training pictures and 94.0% on validation" in told.why


def test_both_losses_rising_is_a_bad_learning_rate_and_not_overfitting() -> None:
    told = verdict(
        history(
            val_loss=(0.5, 0.2, 0.4), fit_loss=(0.5, 0.2, 0.4), val_top1=(0.8, 0.95, 0.8), fit_top1=(0.8, 0.95, 0.8)
        )
    )
    assert told.kind == "fine"


def test_one_that_does_not_know_its_own_training_pictures_underfits() -> None:
    told = verdict(
        history(val_loss=(2, 1.5, 1.45), fit_loss=(2, 1.4, 1.4), val_top1=(0.3, 0.5, 0.6), fit_top1=(0.3, 0.5, 0.6))
    )
    assert told.kind == "underfitting"
    assert "60.0% on training pictures" in told.why


def test_one_that_is_stopped_while_it_still_gets_better_underfits() -> None:
    falling = (1.0, 0.6, 0.4, 0.3)
    told = verdict(
        history(val_loss=falling, fit_loss=falling, val_top1=(0.8, 0.85, 0.9, 0.92), fit_top1=(0.8, 0.86, 0.9, 0.93))
    )
    assert told.kind == "underfitting"
    assert told.why.startswith("From step 30 to the end the validation loss still fell from 0.400 to 0.300.")


def test_a_run_that_levels_off_with_both_close_is_fine() -> None:
    told = verdict(
        history(
            val_loss=(0.5, 0.1, 0.06, 0.061),
            fit_loss=(0.4, 0.05, 0.02, 0.01),
            val_top1=(0.9, 0.97, 0.985, 0.985),
            fit_top1=(0.9, 0.98, 0.99, 1.0),
        )
    )
    assert told.kind == "fine"


@pytest.mark.parametrize("missing", ["val_loss", "val_top1", "fit_loss", "fit_top1"])
def test_the_loss_that_is_minimised_is_never_taken_for_the_one_on_training_pictures(missing: str) -> None:
    figures = dict.fromkeys(("val_loss", "val_top1", "fit_loss", "fit_top1", "train_loss"), (0.9, 0.5))
    del figures[missing]
    assert verdict(history(**figures)).kind == "undecided"


def test_a_run_that_broke_down_is_told_so() -> None:
    figures = {"val_loss": (0.5, float("nan")), "fit_loss": (0.4, 0.3), "val_top1": (0.9, 0.1), "fit_top1": (0.9, 0.1)}
    told = verdict(history(**figures))
    assert (told.kind, told.why[:24]) == ("undecided", "The training broke down:")


def test_a_resumed_run_counts_what_it_said_last(tmp_path: Path) -> None:
    for value, steps in ((1.0, range(4)), (2.0, range(2, 6))):
        with SummaryWriter(str(tmp_path)) as log:
            for step in steps:
                log.add_scalar("train_loss", value, step)
    read = read_history(tmp_path)["train_loss"]
    assert read == Curve((0, 1, 2, 3, 4, 5), (1, 1, 2, 2, 2, 2))


def test_every_step_of_a_long_run_is_read(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as log:
        for step in range(12_000):
            log.add_scalar("train_loss", step, step)
    assert len(read_history(tmp_path)["train_loss"].steps) == 12_000


def test_groups_with_one_and_the_same_learning_rate_are_one_curve() -> None:
    logged = History(
        {name: Curve((1,), (rate,)) for name, rate in (("lr-a/pg1", 0.1), ("lr-a/pg2", 0.1), ("lr-a/pg3", 0.2))}
    )
    assert logged.rates == {"a/pg1": Curve((1,), (0.1,)), "a/pg3": Curve((1,), (0.2,))}


def test_a_folder_without_events_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(BadRun, match="no figures of a training here"):
        read_history(tmp_path)
