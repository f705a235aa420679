import logging

import pytest

from roadsight_service.observed import cameras
from roadsight_service.observed.cameras import FROZEN_AFTER, MOST, Cameras


def test_a_camera_that_repeats_one_picture_is_frozen_and_named_once(caplog: pytest.LogCaptureFixture) -> None:
    seen = Cameras()
    with caplog.at_level(logging.WARNING):
        repeats = [seen.note("front", 7) for _ in range(FROZEN_AFTER + 5)]
    assert repeats == [False] + [True] * (FROZEN_AFTER + 4)
    assert (seen.count(), seen.frozen()) == (1, 1)
    assert [record.getMessage() for record in caplog.records] == [
        f"camera_frozen: 'front' has sent the same picture {FROZEN_AFTER + 1} times"
    ]


def test_one_other_picture_and_it_lives() -> None:
    seen = Cameras()
    for fingerprint in [7] * 20 + [8]:
        seen.note("front", fingerprint)
    assert seen.frozen() == 0


def test_cameras_that_send_the_same_as_each_other_are_not_frozen() -> None:
    seen = Cameras()
    assert not any([seen.note(f"camera-{i}", 7) for i in range(50)])


def test_one_that_fell_silent_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, now = Cameras(), 1000.0
    monkeypatch.setattr(cameras, "monotonic", lambda: now)
    for _ in range(20):
        seen.note("front", 7)
    assert seen.frozen() == 1
    now += cameras.FORGOTTEN_S + 1
    assert (seen.count(), seen.frozen()) == (0, 0)


def test_a_client_that_makes_up_cameras_fills_a_bounded_memory_with_the_latest() -> None:
    seen = Cameras()
    for i in range(MOST + 100):
        seen.note(f"camera-{i}", i)
    assert seen.count() == MOST
    assert seen.note(f"camera-{MOST + 99}", MOST + 99)
    assert not seen.note("camera-0", 0)
