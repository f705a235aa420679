"""A network that overflows as soon as its picture is changed: every attack ends, and says what the harness says."""

from dataclasses import dataclass

import numpy as np
import pytest

from models.robustness.colour_victim import BLUE, RED, flat, named, not_red, sessions
from roadsight_models.frame import Pixels
from roadsight_models.gradient import Gradients
from roadsight_models.robustness.adaptive import Adaptive
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.catalogue import ATTACKS, make
from roadsight_models.robustness.criterion import Criterion, Flags, Indices
from roadsight_models.robustness.harness import Trial, try_attack
from roadsight_models.robustness.losses import Loss, cross_entropy, dlr, margin
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim, to_pixels
from roadsight_models.session import Outputs

CLEAN = flat(200, 100, 50)
TRIED: dict[str, Attack] = {name: some[0] for name in ATTACKS if len(some := make(name, most_steps=12)) == 1}
TRIED["adaptive"] = Adaptive(steps=3)


def moved(frames: Pixels) -> Flags:
    """Which pictures are not the clean one: bool [N, 1]."""
    return np.asarray((frames != CLEAN).any((1, 2, 3))[:, None])


@dataclass(frozen=True)
class Overflowing:
    """The colour bundle, but one logit of a changed picture is infinite, or none is a number."""

    said: float

    def run(self, frames: Pixels) -> Outputs:
        logits, embedding = sessions()[0].run(frames)
        broken = np.full_like(logits, np.nan) if np.isnan(self.said) else logits + np.array([0, self.said, 0])
        return Outputs(np.where(moved(frames), broken, logits).astype(np.float32), embedding)


class Backward:
    """Its gradient, which is nothing that can be counted with where the network overflows."""

    def run(self, pixels: Floats, cotangent: Floats) -> Gradients:
        logits, gradient = sessions()[1].run(pixels, cotangent)
        lost = moved(to_pixels(pixels))[:, :, None, None]
        return Gradients(logits, np.where(lost, np.float32(np.nan), gradient))


def tried(name: str, said: float, criterion: Criterion) -> Trial:
    attack = TRIED[name]
    threat = ThreatModel(attack.norms[0] if attack.norms else "linf", 0.2)
    return try_attack(Victim(Overflowing(said), Backward()), CLEAN, criterion, attack, threat, np.random.default_rng(0))


@pytest.mark.parametrize("said", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", TRIED)
def test_no_target_is_reached(name: str, said: float) -> None:
    trial = tried(name, said, named(BLUE))
    assert not trial.outcome.reached.any()
    assert not trial.outcome.strayed.any()


@pytest.mark.parametrize("said", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", TRIED)
def test_the_true_class_is_lost(name: str, said: float) -> None:
    trial = tried(name, said, not_red())
    lost = moved(trial.outcome.frames)[:, 0]
    assert trial.outcome.reached.tolist() == lost.tolist()
    assert not trial.outcome.strayed.any()
    if name not in ("spatial", "occlusion", "hopskipjump"):  # where a flat picture has nothing to be moved
        assert lost.all()


@pytest.mark.parametrize("loss", [cross_entropy, margin, dlr])
@pytest.mark.parametrize("targets", [None, np.array([BLUE] * 3)])
def test_a_loss_is_as_far_as_can_be_and_leads_nowhere(loss: Loss, targets: Indices | None) -> None:
    logits = np.array([[1, 2, 3, 4], [np.nan] * 4, [np.inf, 1, -np.inf, 2]], np.float32)
    criterion = Criterion(np.full(3, RED), targets)
    found, alone = loss(logits, criterion), loss(logits[:1], criterion.part(np.array([0])))
    assert found.values.tolist() == [alone.values[0], *[np.inf if targets is None else -np.inf] * 2]
    np.testing.assert_array_equal(found.cotangent, [alone.cotangent[0], np.zeros(4), np.zeros(4)])
