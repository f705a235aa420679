from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from models.robustness.colour_victim import BLUE, GREEN, fresh, leads, named, not_red
from roadsight_models.errors import BadParameter
from roadsight_models.robustness.attack import Access, Attack
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.ensemble import NOBODY, Siege, besiege
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.pgd import PGD
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim

EIGHT = ThreatModel("linf", 8 / 255)
WEAK = PGD(steps=1, step=0.25, random_start=False)  # two grey levels of eight


@dataclass(frozen=True)
class Boast:
    """Says that everything is broken, by pictures far out of the ball."""

    name: ClassVar[str] = "boast"
    access: ClassVar[Access] = "none"
    norms: ClassVar[tuple[Norm, ...]] = ("linf", "l2")
    source: ClassVar[str] = "none"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        return np.broadcast_to(np.array((0, 1, 0), np.float32), clean.shape)


def siege(margins: tuple[int, ...], *attacks: Attack) -> Siege:
    return besiege(fresh(), leads(*margins), not_red(len(margins)), attacks, EIGHT, np.random.default_rng(0))


def test_each_attack_faces_only_what_withstood_all_before_it() -> None:
    found = siege((3, 12, 40, -5), WEAK, FGSM())
    assert found.already.tolist() == [False, False, False, True]
    assert found.broken_by.tolist() == [0, 1, NOBODY, NOBODY]
    assert [(stage.faced, stage.broke) for stage in found.stages] == [(3, 1), (2, 1)]
    assert [stage.steps for stage in found.stages] == [3, 2]
    assert found.withstood.tolist() == [False, False, True, False]
    assert found.robust_accuracy == 0.25


def test_a_picture_keeps_what_broke_it() -> None:
    found = siege((3, 12, 40), WEAK, FGSM())
    np.testing.assert_allclose(found.outcome.linf * 255, [2, 8, 8], atol=1e-4)
    assert found.outcome.reached.tolist() == [True, True, False]
    assert found.outcome.logits.argmax(1).tolist() == [GREEN, GREEN, 0]


def test_the_order_does_not_matter_to_what_withstands() -> None:
    margins = (1, 3, 5, 12, 15, 17, 40)
    one = siege(margins, WEAK, FGSM())
    other = siege(margins, FGSM(), WEAK)
    assert one.withstood.tolist() == other.withstood.tolist() == [False] * 5 + [True] * 2


def test_where_nothing_is_left_the_others_cost_nothing() -> None:
    found = siege((3, 5), FGSM(), PGD(restarts=5))
    last = found.stages[-1]
    assert (last.faced, last.broke, last.queries, last.steps, last.seconds) == (0, 0, 0, 0, 0.0)
    assert found.robust_accuracy == 0


def test_an_attack_that_boasts_counts_for_what_is_true_of_it() -> None:
    found = siege((12, 100), Boast())
    assert found.outcome.strayed.all()
    assert found.broken_by.tolist() == [0, NOBODY]  # what is left of its picture in the ball does break the first
    assert (found.outcome.linf <= 8 / 255 + 1e-6).all()


def test_a_target_is_what_counts_if_there_is_one() -> None:
    frames = leads(3, 12)  # blue is far away, green is near
    found = besiege(fresh(), frames, named(BLUE, 2), [FGSM()], EIGHT, np.random.default_rng(0))
    assert found.withstood.all()
    green = besiege(fresh(), frames, named(GREEN, 2), [FGSM()], EIGHT, np.random.default_rng(0))
    assert not green.withstood.any()


def test_a_picture_that_is_named_wrongly_withstands_nothing() -> None:
    found = besiege(fresh(), leads(-5), named(BLUE, 1), [FGSM()], EIGHT, np.random.default_rng(0))
    assert not found.already.any()  # blue is wanted, green is said
    assert not found.outcome.reached.any()
    assert found.robust_accuracy == 0


def test_a_norm_that_one_does_not_know_is_refused() -> None:
    patch = ThreatModel("l0", 0.1)
    with pytest.raises(BadParameter, match="fgsm knows linf, l2, not l0"):
        besiege(fresh(), leads(3), not_red(1), [FGSM()], patch, np.random.default_rng(0))


def test_a_siege_needs_an_attack() -> None:
    with pytest.raises(ValueError, match="a siege needs an attack"):
        siege((3,))
