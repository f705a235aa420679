"""What became of the frames of an open loop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsight_bench.tally import Frame, tally

DEADLINE_MS = 100.0


def frame(due: float, status: int, after_s: float = 0.0, lag_s: float = 0.0) -> Frame:
    return Frame(due, due + lag_s, due + after_s, status)


frames = st.lists(
    st.builds(frame, st.floats(0, 60), st.sampled_from((0, 200, 429, 500, 503, 504)), st.floats(0, 1)), min_size=1
)


@given(frames)
def test_every_frame_is_one_of_four(sent: list[Frame]) -> None:
    found = tally(sent, 100, DEADLINE_MS, 0.1)
    assert found.sent == len(sent) == found.in_time + found.late + found.refused + found.failed


@pytest.mark.parametrize(
    ("status", "after_s", "kind"),
    [
        (200, 0.05, "in_time"),
        (200, 0.2, "late"),
        (429, 0.01, "refused"),
        (504, 0.5, "refused"),
        (500, 0.01, "failed"),
        (503, 0.01, "failed"),
        (0, 0.0, "failed"),
    ],
)
def test_an_answer_counts_as_what_it_is(status: int, after_s: float, kind: str) -> None:
    found = tally([frame(1.0, status, after_s)], 100, DEADLINE_MS, 0.1)
    assert {name: getattr(found, name) for name in ("in_time", "late", "refused", "failed")} == {
        name: int(name == kind) for name in ("in_time", "late", "refused", "failed")
    }


def test_a_frame_is_timed_from_when_it_was_due_so_a_late_generator_flatters_nobody() -> None:
    found = tally([frame(1.0, 200, after_s=0.15, lag_s=0.14)], 100, DEADLINE_MS, 0.1)
    assert found.late == 1
    assert found.latest_ms == pytest.approx(150)
    assert found.send_lag_max_ms == pytest.approx(140)


def test_what_waits_at_the_end_is_no_extra_speed() -> None:
    sent = [frame(number / 10, 200, after_s=0.1) for number in range(11)]  # over one second, answered within 1.1
    assert tally(sent, 10, 1000, 0.1).in_time_per_s == pytest.approx(10)


def test_a_frame_that_found_no_connection_has_no_lag() -> None:
    found = tally([Frame(1.0)], 100, DEADLINE_MS, 0.1)
    assert (found.failed, found.send_lag_p99_ms, found.answer_p99_ms, found.in_time_per_s) == (1, None, None, 0.0)
