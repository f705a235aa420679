"""An attacker who sees decisions alone: how much he asks, and that it brings him further than chance."""

from dataclasses import asdict
from typing import ClassVar

import numpy as np
import pytest
import torch

from roadsight_models.errors import BadParameter
from roadsight_models.robustness.attack import Access, Attack
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.harness import try_attack
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim, to_floats
from roadsight_models.session import Session, open_session
from roadsight_training.learner import slopes
from roadsight_training.substitute import Substitute
from training.larger import save, tinted
from training.networks.proving import built, frames

THREAT = ThreatModel("linf", 12 / 255)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Of the colour bundle, for larger pictures."""
    return open_session(save(tmp_path_factory.mktemp("substitute")), "cpu")


def attack(**options: int) -> Substitute:
    return Substitute(tinted(50, 1)[0], **({"queries": 400} | options))


class Chance:
    """Goes as far as it may, in directions that mean nothing."""

    name: ClassVar[str] = "chance"
    access: ClassVar[Access] = "none"
    norms: ClassVar[tuple[Norm, ...]] = ("linf",)
    source: ClassVar[str] = "none"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        signs = rng.choice([-1, 1], clean.shape).astype(np.float32)
        return threat.project(clean + np.float32(threat.epsilon) * signs, clean)


def fooled(victim: Victim, asked: Attack, norm: Norm = "linf", targeted: bool = False) -> float:
    clean, labels = tinted(40, 2)
    criterion = Criterion(labels, (labels + 1) % 3 if targeted else None)
    threat = THREAT if norm == "linf" else ThreatModel(norm, THREAT.epsilon * clean[0].size ** 0.5)
    trial = try_attack(victim, clean, criterion, asked, threat, np.random.default_rng(0))
    assert not trial.already.any()
    assert not trial.outcome.strayed.any()
    assert trial.steps == 0  # no gradient of the victim was looked at
    return float(trial.outcome.reached.mean())


def test_what_fools_the_substitute_fools_the_victim_and_noise_does_not(session: Session) -> None:
    victim, one = Victim(session), attack()
    assert fooled(victim, Chance()) == 0
    assert fooled(victim, one) > 0.8
    assert fooled(victim, one, norm="l2") > 0.8
    assert fooled(victim, one, targeted=True) > 0.8


def test_one_step_fools_it_too(session: Session) -> None:
    assert fooled(Victim(session), attack(steps=1)) > 0.4


@pytest.mark.parametrize(("queries", "asked"), [(130, 130), (50, 50), (10, 10)])
def test_it_asks_as_often_as_it_may_and_once_a_victim(queries: int, asked: int, session: Session) -> None:
    victim, one = Victim(session), attack(queries=queries, epochs=1)
    clean, labels = tinted(4, 3)
    for _ in range(2):
        one.run(victim, to_floats(clean), Criterion(labels), THREAT, np.random.default_rng(0))
    assert victim.queries == asked
    other = Victim(session)
    one.run(other, to_floats(clean), Criterion(labels), THREAT, np.random.default_rng(0))
    assert (victim.queries, other.queries) == (asked, asked)


def test_what_was_learnt_beforehand_is_not_asked_again(session: Session) -> None:
    victim, one = Victim(session), attack(queries=60, epochs=1)
    one.learn(victim)
    assert victim.queries == 60
    clean, labels = tinted(4, 3)
    found = one.run(victim, to_floats(clean), Criterion(labels), THREAT, np.random.default_rng(0))
    assert victim.queries == 60
    at_once = attack(queries=60, epochs=1).run(
        Victim(session), to_floats(clean), Criterion(labels), THREAT, np.random.default_rng(0)
    )
    np.testing.assert_array_equal(found, at_once)


def test_the_same_seed_gives_the_same_pictures_and_leaves_torchs_chance_alone(session: Session) -> None:
    clean, labels = tinted(6, 4)
    before = torch.random.get_rng_state()
    first, again, other = (
        attack(seed=seed, queries=60, epochs=1).run(
            Victim(session), to_floats(clean), Criterion(labels), THREAT, np.random.default_rng(0)
        )
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_its_parameters_are_what_a_report_can_state() -> None:
    stated = asdict(attack())
    own = stated.pop("own")
    assert stated == {"queries": 400, "augment": 0.1, "epochs": 10, "steps": 10, "seed": 0}
    assert own.startswith("50 pictures, SHA-256 ")
    assert own != Substitute(tinted(50, 2)[0], queries=400).own
    assert attack(queries=20).own.startswith("20 pictures, ")  # of more it asks nothing


def test_who_has_next_to_no_pictures_learns_nothing() -> None:
    said = "a substitute needs two pictures or more, of 32 px or more a side"
    with pytest.raises(BadParameter, match=said):
        Substitute(tinted(1, 0)[0])
    with pytest.raises(BadParameter, match=said):
        Substitute(tinted(2, 0)[0][:, :31])
    with pytest.raises(BadParameter, match=said):
        attack(queries=1)


def test_slopes_are_those_of_finite_differences() -> None:
    network, pixels = built("lenet5", 32, dropout=0).eval(), to_floats(frames(32)[:3])
    found = slopes(network, pixels, lambda logits, rows: np.eye(5)[rows])
    rng = np.random.default_rng(0)
    for row in range(3):
        direction = rng.normal(size=pixels[0].shape)
        sides = [torch.from_numpy(pixels[row] + sign * 1e-2 * direction)[None] * 255 for sign in (1, -1)]
        high, low = (network(side).logits[0, row].item() for side in sides)
        assert float((found[row] * direction).sum()) == pytest.approx((high - low) / 2e-2, rel=2e-2, abs=1e-2)
