"""A ball that means nothing is refused by name."""

import math

import numpy as np
import pytest

from roadsight_models.errors import BadParameter
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import ThreatModel

PICTURE = (2, 6, 6, 3)
DIAGONAL = math.sqrt(6 * 6 * 3)  # in l2 no two pictures are farther apart


@pytest.mark.parametrize("norm", ["linf", "l2", "l0"])
@pytest.mark.parametrize("epsilon", [-0.01, math.nan, math.inf, -math.inf])
def test_a_radius_that_is_none_is_refused(norm: Norm, epsilon: float) -> None:
    with pytest.raises(BadParameter, match=rf"^epsilon: {epsilon}: in {norm} it is a number from 0"):
        ThreatModel(norm, epsilon)


@pytest.mark.parametrize("norm", ["linf", "l0"])
def test_no_value_can_move_farther_than_from_black_to_white(norm: Norm) -> None:
    with pytest.raises(BadParameter, match=r"epsilon: 8\.0: in .* from 0 up to 1"):
        ThreatModel(norm, 8.0)


def test_in_l2_a_picture_can() -> None:
    black, white = np.zeros(PICTURE, np.float32), np.ones(PICTURE, np.float32)
    assert ThreatModel("l2", DIAGONAL).allows(white, black).all()
    assert not ThreatModel("l2", DIAGONAL - 0.01).allows(white, black).any()


def test_a_norm_that_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(BadParameter, match="norm: 'l1'; there are: linf, l2, l0"):
        ThreatModel("l1", 1)  # type: ignore[arg-type]
