"""What is sent: JPEG files of ours, several dozen, all different, always the same."""

import pytest

from roadsight_bench.cases import CASES
from roadsight_bench.pictures import draw
from roadsight_models.frame import decode


@pytest.mark.parametrize(("name", "count", "width", "height"), [("S1", 24, 1280, 720), ("S3", 72, 48, 48)])
def test_bodies_differ_and_have_their_size(name: str, count: int, width: int, height: int) -> None:
    bodies = draw(CASES[name])
    assert len(set(bodies)) == count
    assert {(decode(body).width, decode(body).height) for body in bodies} == {(width, height)}


def test_they_are_the_same_every_time() -> None:
    assert draw(CASES["S3"]) == draw(CASES["S3"])
