"""What the benchmark's tests share: wrk, a bundle under the name of a case, pictures as files."""

from pathlib import Path

import pytest

import colours
from pictures import RED, jpeg, striped
from roadsight_bench import wrk
from roadsight_bench.errors import ToolMissing
from roadsight_bench.wrk import Tool


@pytest.fixture(scope="session")
def tool() -> Tool:
    """wrk; tests that need it are skipped where it can't be had."""
    try:
        return wrk.find()
    except ToolMissing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the colour bundle in the place of S3's."""
    root = tmp_path_factory.mktemp("bundles")
    colours.save(root, name="s3")
    return root


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A JPEG file."""
    path = tmp_path / "red.jpg"
    path.write_bytes(jpeg(striped(RED)))
    return path
