"""docs/scoring.md says of the rows what is true."""

import re

from import_graph import ROOT
from roadsight_service.scoring.recorded import BAGS, PICTURES, VIDEOS
from roadsight_service.scoring.table import SCHEMA

PAGE = (ROOT / "docs" / "scoring.md").read_text()


def test_every_column_is_there_with_its_type() -> None:
    listed = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert listed == [(field.name, str(field.type)) for field in SCHEMA]


def test_every_kind_of_file_is_named() -> None:
    assert set(re.findall(r"`(\.\w+)`", PAGE)) == PICTURES | VIDEOS | BAGS
