"""What counts is what a client could send and what the service would say of it, whatever the attack believes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import colours
from models.robustness.colour_victim import NEEDED, SHORTEST, flat, fresh, not_red, reds, sessions
from models.robustness.listeners import Recorder
from pictures import encoded
from roadsight_models.frame import Pixels, decode
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel, l0, l2, linf
from roadsight_models.robustness.verify import Outcome, verify
from roadsight_models.robustness.victim import Victim, to_floats

AGAINST = np.divide([-1, 1, 1], 255, dtype=np.float32)  # a grey level of the way there
each_norm = pytest.mark.parametrize("norm", ["linf", "l2", "l0"])


def judged(pixels: Floats, threat: ThreatModel | None, clean: Pixels | None = None) -> Outcome:
    clean = reds(len(pixels)) if clean is None else clean
    return verify(fresh(), clean, pixels, not_red(len(clean)), threat)


def grey_levels(count: float) -> ThreatModel:
    return ThreatModel("linf", count / 255)


@settings(max_examples=150)
@given(
    threat=st.one_of(
        st.builds(ThreatModel, st.sampled_from(["linf", "l0"]), st.floats(0, 1)),
        st.builds(ThreatModel, st.just("l2"), st.floats(0, 40)),
    ),
    seed=st.integers(0, 1000),
    far=st.sampled_from([0.001, 0.03, 1, 100]),
)
def test_whatever_the_attack_gives_the_picture_is_in_the_ball_once_it_is_rounded(
    threat: ThreatModel, seed: int, far: float
) -> None:
    clean = colours.crops(3, seed)
    pixels = to_floats(clean) + np.float32(far) * np.random.default_rng(seed).standard_normal(clean.shape)
    found = judged(pixels.astype(np.float32), threat, clean)
    delta = to_floats(found.frames) - to_floats(clean)
    assert threat.allows(to_floats(found.frames), to_floats(clean)).all()
    for told, measured in ((found.linf, linf), (found.l2, l2), (found.l0, l0)):
        np.testing.assert_array_equal(told, measured(delta))
    np.testing.assert_allclose(found.logits, colours.answers(found.frames), rtol=1e-5)


@pytest.mark.parametrize(("levels", "reached"), [(NEEDED - 1, False), (NEEDED - 0.01, False), (NEEDED, True)])
def test_success_is_what_the_served_session_says_of_the_picture_in_the_ball(levels: float, reached: bool) -> None:
    found = judged(to_floats(reds()) + NEEDED * AGAINST, grey_levels(levels))
    assert found.reached.tolist() == [reached]
    assert found.linf.tolist() == [pytest.approx(int(levels) / 255, abs=1e-6)]


def test_what_rounding_carries_out_of_the_ball_comes_back_no_farther_than_it_must() -> None:
    against = NEEDED * np.divide([-1, 1, 0], 255, dtype=np.float32)
    for epsilon, levels in ((SHORTEST, NEEDED), (SHORTEST - 0.001, NEEDED - 1)):
        threat = ThreatModel("l2", epsilon)
        found = judged(threat.project(to_floats(reds()) + against, to_floats(reds())), threat)
        assert (found.frames == reds() + np.array([-levels, levels, 0])).all()
        assert not found.strayed.any()


@each_norm
def test_a_picture_that_is_in_the_ball_is_judged_as_it_is(norm: Norm) -> None:
    clean = colours.crops(4)
    pixels = ThreatModel(norm, 0.2).random_start(to_floats(clean), np.random.default_rng(0))
    found = judged(pixels, ThreatModel(norm, 1), clean)
    assert not found.strayed.any()
    assert np.abs(to_floats(found.frames) - pixels).max() <= 0.5 / 255 + 1e-6


@each_norm
def test_a_picture_that_is_not_is_told_and_does_not_count(norm: Norm) -> None:
    green = to_floats(flat(0, 255, 0))
    found = judged(green, ThreatModel(norm, 0.01))
    assert (found.strayed.tolist(), found.reached.tolist()) == ([True], [False])
    assert judged(green, None).reached.all()


@pytest.mark.parametrize("beyond", [-0.01, 1.01, 128.0])
def test_nor_is_one_with_colours_that_there_are_not(beyond: float) -> None:
    pixels = to_floats(reds(2))
    pixels[1, 3, 4, 1] = beyond
    found = judged(pixels, ThreatModel("l2", 1000))
    assert found.strayed.tolist() == [False, True]
    assert found.frames[1, 3, 4, 1] == (0 if beyond < 0 else 255)
    assert judged(pixels, None).strayed.tolist() == [False, True]


@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_told_and_stay_as_they_were(nothing: float) -> None:
    pixels = to_floats(reds(2)) + 5 * AGAINST
    pixels[0, :8] = nothing
    for threat in (grey_levels(5), None):
        found = judged(pixels, threat)
        assert found.strayed.tolist() == [True, False]
        np.testing.assert_array_equal(found.frames[0, :8], reds()[0, :8])
        np.testing.assert_array_equal(found.frames[0, 8:], found.frames[1, 8:])


def through(quality: int | None, clean: Pixels) -> tuple[Outcome, Pixels]:
    """What is found, and what the session saw, when pictures pass through a file."""
    served = Recorder(sessions()[0])
    found = verify(Victim(served), clean, to_floats(clean), not_red(len(clean)), grey_levels(0), quality)
    return found, np.concatenate(served.asked)


def test_through_a_jpeg_file_the_session_sees_what_the_service_decodes() -> None:
    clean = colours.crops(2)
    found, seen = through(75, clean)
    for frame, shown in zip(clean, seen, strict=True):
        np.testing.assert_array_equal(shown, decode(encoded(frame, ".jpg", quality=75)).pixels)
    np.testing.assert_allclose(found.logits, colours.answers(seen), rtol=1e-5)
    np.testing.assert_array_equal(found.frames, clean)
    assert not found.linf.any()


def test_the_lower_its_quality_the_less_is_left() -> None:
    clean = colours.crops(2)
    lost = [np.abs(through(quality, clean)[1].astype(int) - clean).mean() for quality in (None, 95, 50, 10)]
    assert lost[0] == 0
    assert lost == sorted(set(lost))


def test_in_a_jpeg_file_red_stays_red() -> None:
    _, seen = through(95, flat(250, 10, 10))
    assert np.abs(seen.astype(int) - flat(250, 10, 10)).max() <= 4
