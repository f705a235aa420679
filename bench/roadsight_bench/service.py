"""Our service, as operations run it: on one provider, and otherwise as it comes.

bundles, provider, precision --launch--> Launch
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

from roadsight_bench.launch import READY_WITHIN_S, Launch, free_url

# TensorRT may build engines, minutes each.
PROVIDER_READY_WITHIN_S = {"cpu": READY_WITHIN_S, "cuda": 300, "tensorrt": 3600}


def launch(bundles: Path, model: str, provider: str, precision: str, lanes: int, robustness: bool = False) -> Launch:
    """How it is started.

    Args:
        bundles: the folder of all bundles.
        model: the one that serves; several are separated by commas, none means all.
        provider: as ROADSIGHT_PROVIDER.
        precision: as ROADSIGHT_PRECISION.
        lanes: as ROADSIGHT_LANES.
        robustness: as ROADSIGHT_ROBUSTNESS_ENABLED.
    """
    url = free_url("/v1/classify")
    command = (sys.executable, "-m", "roadsight_models", "serve", "--port", str(urlsplit(url).port))
    settings = {
        "BUNDLES": str(bundles.absolute()),
        "MODELS": model,
        "PROVIDER": provider,
        "PRECISION": precision,
        "LANES": str(lanes),
        "ROBUSTNESS_ENABLED": str(robustness),
    }
    environment = {f"ROADSIGHT_{name}": value for name, value in settings.items()}
    return Launch("the service", command, environment, url, ready_within_s=PROVIDER_READY_WITHIN_S[provider])
