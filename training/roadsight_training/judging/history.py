"""How a run went, as TensorBoard logged it, and what that says of the network.

    run/logs/events* --read_history--> History --verdict--> Verdict
                     BadRun (no figure was logged)

`fit_loss` and `fit_top1` are measured as validation is: on training pictures without augmentation, in evaluation mode,
by the cross-entropy of the softmax. What is minimised (`train_loss`) sees augmented pictures, dropout and smoothed
labels; it stands above the validation loss where nothing is wrong, so nothing is concluded from comparing the two.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from tensorboard.backend.event_processing.event_accumulator import (  # type: ignore[import-untyped]
    SCALARS,
    EventAccumulator,
)

from roadsight_training.errors import BadRun
from roadsight_training.recipe.fit import Keep

LOSSES = ("train_loss", "fit_loss", "val_loss", "val_robust_loss")  # the last, under attack, with an adversary alone
ACCURACIES = ("fit_top1", "val_top1", "val_robust_top1")
RATE = "lr-"  # how Lightning's monitor begins the names of the learning rates, one a group of parameters

GAP, RATIO = 0.03, 2  # overfitting: top-1 so much lower on validation, and errors so many times as frequent
RISE = (1.1, 0.02)  # a validation loss this much above its lowest, as a factor and in nats, has risen
LOW = 0.9  # in top-1: less on the training pictures themselves is underfitting
FALL = 0.9  # a validation loss under this fraction of what it was a quarter of the run before is still falling

Kind = Literal["overfitting", "underfitting", "fine", "undecided"]


class Curve(NamedTuple):
    """One logged figure; `steps` of the optimiser rise."""

    steps: tuple[int, ...]
    values: tuple[float, ...]

    def before(self, step: int) -> int:
        """The place of the newest value at the step or before; of the first where there is none."""
        return max(bisect_right(self.steps, step) - 1, 0)

    def at(self, step: int) -> float:
        """That value."""
        return self.values[self.before(step)]


NOTHING = Curve((), ())


@dataclass(frozen=True)
class History:
    """What was logged; a figure that was not is an empty curve."""

    curves: Mapping[str, Curve]
    keep: Keep = "best"

    def __getitem__(self, name: str) -> Curve:
        """A figure by the name it was logged under."""
        return self.curves.get(name, NOTHING)

    @property
    def figures(self) -> dict[str, Curve]:
        """The losses and accuracies that were logged."""
        return {name: self.curves[name] for name in (*LOSSES, *ACCURACIES) if name in self.curves}

    @property
    def rates(self) -> dict[str, Curve]:
        """Learning rates by group of parameters; of groups with the same curve the first."""
        different: dict[Curve, str] = {}
        for name, curve in self.curves.items():
            if name.startswith(RATE):
                different.setdefault(curve, name.removeprefix(RATE))
        return {name: curve for curve, name in different.items()}

    @property
    def kept_step(self) -> int | None:
        """Of the checkpoint that is kept: with the lowest validation loss, or the last; None: nothing was validated.

        With an adversary the first with the highest robust top-1.
        """
        robust = self["val_robust_top1"]
        if robust.steps:
            return robust.steps[robust.values.index(max(robust.values))]
        steps, values = self["val_loss"]
        if self.keep == "last" and steps:
            return steps[-1]
        return min(zip(values, steps, strict=True))[1] if steps else None


class Verdict(NamedTuple):
    """What the curves say, and the figures it rests on."""

    kind: Kind
    why: str


def read_history(logs: Path, keep: Keep = "best") -> History:
    """Reads every figure that was logged; where a resumed run repeated steps, what it said last.

    Args:
        logs: the folder of TensorBoard event files.
        keep: the recipe's.

    Raises:
        BadRun: nothing was logged there.
    """
    events = EventAccumulator(str(logs), size_guidance={SCALARS: 0}, purge_orphaned_data=False)
    events.Reload()
    curves = {}
    for name in events.Tags()[SCALARS]:
        said = {event.step: float(event.value) for event in sorted(events.Scalars(name), key=lambda e: e.wall_time)}
        curves[name] = Curve(tuple(sorted(said)), tuple(said[step] for step in sorted(said)))
    if not curves:
        raise BadRun(logs, "no figures of a training here; TensorBoard event files are expected")
    return History(curves, keep)


def verdict(history: History) -> Verdict:
    """Tells over- from underfitting by four rules, the first that holds.

    At the checkpoint that is kept:

    1. top-1 on validation is more than 3 points under that on training pictures, and errors are at least twice as
       frequent there: overfitting.
    2. the validation loss ended more than 10 % and 0.02 nats above its lowest, while the loss on training pictures went
       on falling: overfitting, in the epochs after the lowest.
    3. top-1 on the training pictures themselves is under 90 %: underfitting.
    4. over the last quarter of the run the validation loss still fell by more than 10 %: underfitting, ended too soon.

    Else it is fine; and undecided where one of the four figures was not logged, or a loss is no number any more.
    """
    step = history.kept_step
    if step is None or any(not history[name].steps for name in ("fit_loss", "fit_top1", "val_top1")):
        return Verdict("undecided", "Loss and top-1 on validation and on plain training pictures were not all logged.")
    if not all(map(math.isfinite, history["val_loss"].values + history["fit_loss"].values)):
        return Verdict("undecided", "The training broke down: a loss is no finite number any more.")
    fit, val = history["fit_top1"].at(step), history["val_top1"].at(step)
    both = f"Top-1 is {fit:.1%} on training pictures and {val:.1%} on validation"
    if fit - val > GAP and 1 - val >= RATIO * (1 - fit):
        return Verdict("overfitting", f"{both}: over 3 points apart, and errors at least twice as frequent.")
    if rise := _rose(history):
        since = "the last" if history.keep == "last" else "from before that"
        return Verdict("overfitting", f"{rise} The checkpoint is {since}. {both}.")
    if fit < LOW:
        return Verdict("underfitting", f"{both}: it has not learnt the pictures that it was shown (under 90 %).")
    return _still_falls(history["val_loss"], both) or Verdict("fine", f"{both}, and the validation loss falls no more.")


def _rose(history: History) -> str:
    val, fit = history["val_loss"], history["fit_loss"]
    lowest, best = min(zip(val.values, val.steps, strict=True))
    last = val.values[-1]
    if last <= max(lowest * RISE[0], lowest + RISE[1]) or fit.values[-1] >= fit.at(best):
        return ""
    return (
        f"After step {best} the validation loss rose from {lowest:.3f} to {last:.3f}, "
        f"while on training pictures it fell from {fit.at(best):.3f} to {fit.values[-1]:.3f}."
    )


def _still_falls(val: Curve, both: str) -> Verdict | None:
    before, last = val.before(val.steps[-1] * 3 // 4), val.values[-1]
    if len(val.steps) < 3 or last >= val.values[before] * FALL or last > min(val.values):
        return None
    fall = f"From step {val.steps[before]} to the end the validation loss still fell"
    return Verdict("underfitting", f"{fall} from {val.values[before]:.3f} to {last:.3f}. More epochs may help. {both}.")
