"""`roadsight data`: public data sets, and what training sees of them."""

# ruff: noqa: PLC0415  (see the docstring of this package)

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from roadsight_training.errors import DownloadFailed

data = typer.Typer(no_args_is_help=True, help="Fetch public data sets.")


@data.callback()
def _data() -> None:
    """Fetch public data sets."""


@data.command()
def gtsrb(folder: Annotated[Path, typer.Argument(help="Where to; `--data` takes the same folder.")]) -> None:
    """Download the official traffic-sign set, training and test, as torchvision lays it out."""
    from torchvision.datasets import GTSRB  # type: ignore[import-untyped]

    try:
        for split in ("train", "test"):
            GTSRB(str(folder), split=split, download=True)
    except (OSError, RuntimeError) as error:
        raise DownloadFailed(f"GTSRB could not be downloaded: {error}") from error
    Console().print(f"downloaded; next: roadsight train training/recipes/traffic-sign.yaml --data {folder}")
