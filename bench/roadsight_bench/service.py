"""Our service, as operations run it: on the CPU, with one bundle, and otherwise as it comes."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

from roadsight_bench.launch import Launch, free_url


def launch(bundles: Path, model: str, precision: str, lanes: int) -> Launch:
    """How it is started with one of the bundles of a folder."""
    url = free_url("/v1/classify")
    command = (sys.executable, "-m", "roadsight_models", "serve", "--port", str(urlsplit(url).port))
    settings = {
        "BUNDLES": str(bundles.absolute()),
        "MODELS": model,
        "PRECISION": precision,
        "LANES": str(lanes),
        "PROVIDER": "cpu",
    }
    return Launch("the service", command, {f"ROADSIGHT_{name}": value for name, value in settings.items()}, url)
