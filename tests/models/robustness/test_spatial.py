"""What a camera held differently can do, and that a picture is not moved further than was allowed."""

import numpy as np
import pytest

from colours import SIDE, crops
from models.robustness.colour_victim import RED, flat, fresh, not_of
from models.robustness.linear import two_classes
from roadsight_models.errors import BadParameter
from roadsight_models.frame import Pixels
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.harness import Trial, try_attack
from roadsight_models.robustness.spatial import Pose, Spatial
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.victim import Victim, to_floats, to_pixels
from roadsight_models.robustness.warp import Warp

STILL = Pose(0, 0, 0, 0)


def move(victim: Victim, frames: Pixels, criterion: Criterion, attack: Spatial) -> Trial:
    """A threat must be named, but there is no ball: not even one of nothing may hold the picture."""
    return try_attack(victim, frames, criterion, attack, ThreatModel("linf", 0), np.random.default_rng(0))


def striped(column: int) -> tuple[Victim, Pixels]:
    """A white stripe, and a model that is of class 0 as long as enough of it is in its column."""
    frames = flat(0, 0, 0)
    frames[:, :, column] = 255
    weights = np.zeros((SIDE, SIDE, 3))
    weights[:, column] = -1 / (3 * SIDE)
    return two_classes(weights, -0.7), frames


def test_no_turn_no_scale_and_no_shift_do_nothing() -> None:
    frames = crops(3)
    criterion = Criterion(fresh().answers(frames).argmax(1))
    trial = move(fresh(), frames, criterion, Spatial(degrees=0, scale=0, shift=0))
    np.testing.assert_array_equal(trial.outcome.frames, frames)
    assert not trial.outcome.reached.any()
    assert Spatial(degrees=0, scale=0, shift=0).poses() == [STILL]


@pytest.mark.parametrize(
    ("attack", "fooled"),
    [
        (Spatial(degrees=0, scale=0, shift=0.1), True),  # 1.6 px
        (Spatial(degrees=0, scale=0, shift=0.01), False),
        (Spatial(degrees=15, scale=0, shift=0), True),
        (Spatial(degrees=1, scale=0, shift=0), False),
        (Spatial(degrees=0, scale=0.3, shift=0), True),  # it is beside the middle
    ],
)
def test_each_way_of_moving_can_fool_a_model_that_looks_at_one_place(attack: Spatial, fooled: bool) -> None:
    victim, frames = striped(4)
    trial = move(victim, frames, not_of(0), attack)
    assert trial.outcome.reached.tolist() == [fooled]
    assert trial.steps == 0


def test_the_mildest_pose_that_fools_is_what_is_found() -> None:
    victim, frames = striped(8)
    attack = Spatial(degrees=0, scale=0, shift=0.25, shifts=9)  # by whole pixels
    trial = move(victim, frames, not_of(0), attack)
    right, left = (np.roll(frames, way, axis=2) for way in (1, -1))
    found = trial.outcome.frames
    assert (found == right).all() or (found == left).all()


def test_the_grid_holds_the_picture_as_it_is_first_and_the_corners_last() -> None:
    poses = Spatial().poses()
    assert poses[0] == STILL
    assert len(set(poses)) == len(poses) == 11 * 3 * 3 * 3
    assert all(abs(share) == 1 for share in poses[-1])


def test_one_of_a_kind_is_none_of_it() -> None:
    assert Spatial(angles=1, scales=1, shifts=1).poses() == [STILL]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("degrees", value) for value in (-1, 181, np.nan, np.inf)),
        *(("scale", value) for value in (-0.1, 1, np.nan)),
        *(("shift", value) for value in (-0.1, 1.1, np.nan)),
        *((name, 0) for name in ("angles", "scales", "shifts")),
    ],
)
def test_a_range_out_of_bounds_is_refused(name: str, value: float) -> None:
    with pytest.raises(BadParameter, match=f"^{name}: {value}"):
        Spatial(**{name: value})  # type: ignore[arg-type]


def test_the_ends_of_the_ranges_are_within() -> None:
    trial = move(fresh(), crops(1), not_of(0), Spatial(degrees=180, scale=0.99, shift=1, angles=3))
    assert np.isfinite(trial.outcome.logits).all()


def test_beyond_the_border_the_border_goes_on() -> None:
    red = flat(200, 10, 10)
    trial = move(fresh(), red, not_of(RED), Spatial(degrees=30, shift=0.4))
    np.testing.assert_array_equal(trial.outcome.frames, red)


def test_a_picture_that_withstands_is_shown_at_its_worst_and_costs_every_pose() -> None:
    weights, frames = np.random.default_rng(1).standard_normal((SIDE, SIDE, 3)), crops(2)
    attack, victim = Spatial(angles=3), two_classes(weights, 1e4)
    trial = move(victim, frames, not_of(0, 2), attack)
    assert victim.queries == 2 * (1 + len(attack.poses()) + 1)
    logits = []
    for pose in attack.poses():
        shift = (0.1 * pose.right, 0.1 * pose.down)
        warp = Warp((SIDE, SIDE), 15 * pose.turn, 1 + 0.1 * pose.scale, shift)
        logits.append(victim.answers(to_pixels(warp.apply(to_floats(frames))))[:, 1])
    np.testing.assert_allclose(trial.outcome.logits[:, 1], np.max(logits, axis=0), rtol=1e-5)


def test_a_picture_that_is_fooled_costs_no_more() -> None:
    victim, frames = striped(8)
    attack = Spatial(degrees=0, scale=0, shift=0.25, shifts=9)
    move(victim, frames, not_of(0), attack)
    assert victim.queries < len(attack.poses()) / 2
