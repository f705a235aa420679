"""The folder of parts, where it is no folder but a store of objects: pyarrow's own, in memory."""

import pytest

from roadsight_models.errors import BadParameter
from roadsight_service.scoring.output import RUN, Output


def test_a_store_of_objects_has_parts_under_their_own_names() -> None:
    output = Output("mock:///bucket/scored")
    assert output.begin({"models": "a"}) == frozenset()
    output.write("pictures/1.parquet", [{"source": "a.png", "frame": 0, "status": "ok"}])
    assert output.begin({"models": "a"}) == {RUN, "pictures/1.parquet"}
    assert output.sources(["pictures/1.parquet"]) == {"a.png"}
    with pytest.raises(BadParameter, match="models was a, now b"):
        output.begin({"models": "b"})


def test_a_place_that_nobody_knows_is_refused() -> None:
    with pytest.raises(BadParameter, match="nosuch"):
        Output("nosuch://bucket/scored")
