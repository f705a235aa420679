"""What all tests share: where the real data is, and a service on a real socket."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of the real data sets; tests that ask for it are marked `data`."""
    folder = Path(os.environ.get("ROADSIGHT_DATA", "data"))
    folder = folder if folder.is_absolute() else ROOT / folder
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not there; set ROADSIGHT_DATA")
    return folder
