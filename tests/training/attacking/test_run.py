"""Runs of attacks that no table has: without a ball, without a gradient, one after the other."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import colours
from roadsight_models.bundle import load
from roadsight_models.errors import BadParameter
from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.pgd import PGD
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim
from roadsight_training.attacking.asked import Asked
from roadsight_training.attacking.run import norm_of, run
from training.attacking.painted import painted


@dataclass(frozen=True)
class Patch:
    """Changes nothing, and knows l0 alone."""

    name: ClassVar[str] = "patch"
    access: ClassVar[Access] = "none"
    norms: ClassVar[tuple[Norm, ...]] = ("l0",)
    source: ClassVar[str] = "none"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        return clean


class Paint(Patch):
    """Has no ball: makes all that was red at least by so much green."""

    name: ClassVar[str] = "paint"
    norms: ClassVar[tuple[Norm, ...]] = ()

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        bright = clean[..., :1].mean((1, 2, 3), keepdims=True) * 255 > 105
        return np.where(bright, clean[..., [1, 0, 2]], clean)


def test_the_first_norm_that_all_know_is_taken_unless_another_is_asked_for() -> None:
    assert norm_of([FGSM(), PGD()], None) == "linf"
    assert norm_of([FGSM(), PGD()], "l2") == "l2"
    assert norm_of([Patch()], None) == "l0"
    assert norm_of([Paint()], None) is None


def test_attacks_that_share_no_norm_are_refused_as_is_a_ball_that_is_none() -> None:
    with pytest.raises(BadParameter, match="norm: fgsm, patch knows no norm together"):
        norm_of([FGSM(), Patch()], None)
    with pytest.raises(BadParameter, match="norm: paint has no ball"):
        norm_of([FGSM(), Paint()], "linf")


WITHOUT = Asked("paint", None, (1.0,), 100, "test", "float32", 0, None, None)


def test_an_attack_without_a_ball_has_its_page_and_entry_without_a_curve(tmp_path: Path) -> None:
    bundle = colours.save(tmp_path / "bundles")  # which has no gradient, and needs none
    data = painted(tmp_path / "data", [3, 9, 30], ["red"])
    figures, told = run(bundle, data, WITHOUT, [Paint()], tmp_path / "run", recorded=True)
    assert [(point["shown"], point["robust"]) for point in figures["curve"]] == [("-", pytest.approx(1 / 3))]
    assert figures["distortion"]["norm"] == "l2"
    page = (tmp_path / "run" / "report.html").read_text()
    assert "none: it moves pictures in another way" in page
    assert not (tmp_path / "run" / "curve.png").exists()
    (entry,) = load(told.folder).manifest.robustness
    assert (entry.norm, entry.epsilon, entry.steps) == (None, None, 0)


def test_of_an_attack_without_a_ball_the_gradient_can_not_be_checked(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="checks: an attack without a ball says nothing of the gradient"):
        run(colours.save(tmp_path), tmp_path, WITHOUT, [Paint()], tmp_path / "run", checks=True)
    assert not (tmp_path / "run").exists()
