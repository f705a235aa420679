"""An epsilon is written as grey levels or as a number, and read back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsight_models.errors import BadParameter
from roadsight_models.robustness.epsilons import read_epsilon, shown


@pytest.mark.parametrize(("text", "value"), [("8/255", 8 / 255), ("0.03", 0.03), ("1e-2", 0.01), ("0", 0.0)])
def test_it_is_a_fraction_or_a_number(text: str, value: float) -> None:
    assert read_epsilon(text) == value


@pytest.mark.parametrize("text", ["", "a lot", "inf", "nan", "-0.1", "-1/255", "8/0", "8/255/2", "1e999", "9" * 99])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadParameter, match="epsilon: "):
        read_epsilon(text)


def test_what_is_written_as_an_epsilon_is_refused_by_its_own_name() -> None:
    assert read_epsilon("64/255", "sigma") == 64 / 255
    with pytest.raises(BadParameter, match=r"^sigma: expected a number"):
        read_epsilon("a lot", "sigma")


@given(st.integers(0, 255))
def test_grey_levels_are_shown_as_such_and_read_back_exactly(levels: int) -> None:
    assert shown(levels / 255, "linf") == f"{levels}/255"
    assert read_epsilon(shown(levels / 255, "linf")) == levels / 255


@given(st.floats(1e-6, 1e3))
def test_any_other_is_read_back_exactly(epsilon: float) -> None:
    assert read_epsilon(shown(epsilon, "l2")) == epsilon


def test_where_there_is_no_ball_there_is_a_dash() -> None:
    assert shown(None, "linf") == shown(0.5, None) == "-"
