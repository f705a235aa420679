"""What a sticker can do: only where it sticks, and from wherever it is seen."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from colours import SIDE, crops
from conftest import ROOT
from models.robustness.colour_victim import GREEN, RED, flat, fresh, not_of
from models.robustness.linear import two_classes
from roadsight_models import bundle
from roadsight_models.errors import BadParameter
from roadsight_models.frame import Frame, Pixels
from roadsight_models.gradient import open_gradient
from roadsight_models.preprocess import cut
from roadsight_models.regions import Box, Region
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.harness import Trial, try_attack
from roadsight_models.robustness.sticker import Sticker
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.victim import Victim, to_floats
from roadsight_models.robustness.views import Views, fooled_share
from roadsight_models.scene import draw
from roadsight_models.session import open_session

QUICK = Sticker(steps=12, looks=2)


def stick(
    victim: Victim, frames: Pixels, criterion: Criterion, epsilon: float, attack: Sticker = QUICK, seed: int = 0
) -> Trial:
    return try_attack(victim, frames, criterion, attack, ThreatModel("l0", epsilon), np.random.default_rng(seed))


def test_on_a_linear_model_it_sticks_where_it_gains_most() -> None:
    weights, frames = np.random.default_rng(4).standard_normal((SIDE, SIDE, 3)), crops(3, 9)
    trial = stick(two_classes(weights, 1000), frames, not_of(0, 3), 25 / 256)
    values = frames / 255
    gain = np.where(weights > 0, weights * (1 - values), -weights * values).sum(3)
    windows = sliding_window_view(gain, (5, 5), (1, 2)).sum((3, 4)).reshape(3, -1)
    for best, changed in zip(windows.argmax(1), (trial.outcome.frames != frames).any(3), strict=True):
        top, left = divmod(int(best), SIDE - 4)
        outside = changed.copy()
        outside[top : top + 5, left : left + 5] = False
        assert not outside.any() and changed.sum() > 20


def test_what_it_ends_as_is_the_strongest_that_a_linear_model_can_be_shown() -> None:
    """Red leads by 25 levels: a tenth of the picture in pure green is worth as much."""
    attack = Sticker(steps=12, looks=1, views=Views(degrees=0, scale=0, shift=0, light=0))
    trial = stick(fresh(), flat(153, 128, 0), not_of(RED), 25 / 256, attack)
    assert trial.outcome.reached[0] and not trial.outcome.strayed[0]
    changed = trial.outcome.frames[0][(trial.outcome.frames != flat(153, 128, 0)).any(3)[0]]
    assert len(changed) == 25
    assert (changed[:, RED] == 0).all() and (changed[:, GREEN] == 255).all()


def test_what_is_verified_is_within_the_share() -> None:
    frames = crops(4, 1)
    criterion = Criterion(fresh().answers(frames).argmax(1))
    for epsilon in (0.0, 1 / 256, 0.1, 0.37, 1.0):
        outcome = stick(fresh(), frames, criterion, epsilon, Sticker(steps=3, looks=1)).outcome
        assert (outcome.l0 <= epsilon + 1e-9).all() and not outcome.strayed.any()


def test_boxes_say_where_it_sticks() -> None:
    boxes = ((0.25, 0.0, 0.75, 0.125), (0.25, 0.875, 0.75, 1.0))  # a bar above and one below
    trial = stick(fresh(), flat(153, 128, 0), not_of(RED), 0.125, Sticker(steps=12, looks=2, boxes=boxes))
    changed = (trial.outcome.frames != flat(153, 128, 0)).any(3)[0]
    assert trial.outcome.reached[0]
    assert changed[:2, 4:12].all() and changed[14:, 4:12].all() and changed.sum() == 32


OUTSIDE = [(0.5, 0, 0.2, 1), (0, 0, 1.2, 1), (-0.1, 0, 1, 1), (0, 0.3, 1, 0.3), (0, 0, float("nan"), 1)]


@pytest.mark.parametrize("box", OUTSIDE)
def test_a_box_that_does_not_lie_in_the_picture_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(BadParameter, match=r"boxes: .* are shares of the sides"):
        stick(fresh(), flat(153, 128, 0), not_of(RED), 1.0, Sticker(boxes=(box,)))


def test_boxes_that_cover_more_than_is_allowed_are_refused_and_not_cut() -> None:
    with pytest.raises(BadParameter, match=r"boxes: they cover 0\.25 of the picture, and epsilon allows 0\.2$"):
        stick(fresh(), flat(153, 128, 0), not_of(RED), 0.2, Sticker(boxes=((0, 0, 0.5, 0.5),)))


def test_it_may_have_any_form() -> None:
    row, column = np.mgrid[:SIDE, :SIDE]
    disc = np.hypot(row - 7.5, column - 7.5) < 4
    clean = to_floats(np.repeat(flat(153, 128, 0), 2, axis=0))
    masks = np.stack([disc, ~disc])
    pixels = QUICK.stick(fresh(), clean, not_of(RED, 2), masks, np.random.default_rng(0))
    np.testing.assert_array_equal((pixels != clean).any(3), masks)
    assert not_of(RED, 2).reached(fresh().logits(pixels)).all()


def test_a_target_is_what_it_is_taken_for() -> None:
    wanted = Criterion(np.array([RED]), np.array([2]))
    trial = stick(fresh(), flat(153, 128, 0), wanted, 0.5)
    assert trial.outcome.reached[0]


def test_the_same_seed_draws_the_same_sticker_and_another_one_another() -> None:
    weights, frames = np.random.default_rng(4).standard_normal((SIDE, SIDE, 3)), crops(2, 3)
    victim = two_classes(weights, 1000)
    once, again, other = (stick(victim, frames, not_of(0, 2), 0.2, seed=seed).outcome.frames for seed in (0, 0, 1))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()


def test_it_asks_for_as_many_gradients_as_it_says() -> None:
    trial = stick(fresh(), flat(153, 128, 0), not_of(RED), 0.1, Sticker(steps=5, looks=3))
    assert trial.steps == 1 + 5 * (1 + 3)
    assert trial.queries == 1 + trial.steps + 1


def signs(count: int) -> tuple[Victim, Pixels, Criterion]:
    """Drawn signs, and the shipped network that is to lose its own answer to them."""
    shipped = bundle.load(bundle.latest(ROOT / "models" / "bundles")["traffic-sign"])
    victim = Victim(open_session(shipped, "cpu", precision="float32"), open_gradient(shipped, "cpu"))
    scene = draw(5, signs=count, side=(80, 120))
    height, width = scene.pixels.shape[:2]
    regions = [Region(Box(*sign.box)) for sign in scene.signs]
    frames = cut(Frame(scene.pixels, width, height), regions, shipped.manifest.input).pixels
    return victim, frames, Criterion(victim.answers(frames).argmax(1))


def test_on_the_shipped_network_what_was_drawn_for_many_views_fools_more_of_them() -> None:
    victim, frames, criterion = signs(2)
    shares = []
    for attack in (Sticker(steps=10, looks=0), Sticker(steps=10, looks=4)):
        outcome = stick(victim, frames, criterion, 0.1, attack).outcome
        assert outcome.reached.all()  # each fools where it was drawn
        shares.append(fooled_share(victim, outcome.frames, criterion, np.random.default_rng(9), 30).mean())
    assert shares[1] > shares[0] + 0.2
