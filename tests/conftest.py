"""What all tests share: where the real data is, and a service on a real socket."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what tests start and stop would inherit it


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of the real data sets; tests that ask for it are marked `data`."""
    folder = Path(os.environ.get("ROADSIGHT_DATA", "data"))
    folder = folder if folder.is_absolute() else ROOT / folder
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not there; set ROADSIGHT_DATA")
    return folder
