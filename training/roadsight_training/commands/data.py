"""`roadsight data`: public data sets, and what training sees of them.

recipe + data --divide--> Samples --decode_all--> Pictures --Augmentation--> crops, targets --contact_sheet--> PNG
BadRecipe     BadDataset, BadSplit  BadDataset             BadRecipe
"""

# ruff: noqa: PLC0415  (see the docstring of this package)

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console

from roadsight_training.commands import DataFolder
from roadsight_training.datasets import LAYOUTS, Dataset, open_dataset
from roadsight_training.errors import DownloadFailed

if TYPE_CHECKING:
    from roadsight_models.frame import Pixels
    from roadsight_training.recipe import Recipe

TOGETHER = 8  # pictures augmented at once, so that one sheet shows several shares of mixup
WHOLE = 0.995  # a label with such a share stands alone

HELP = "\n".join(
    [
        "Fetch public data sets, and show what training sees.\n",
        "\b",  # to click: the lines that follow stay as they are
        "--data takes a folder that holds one of",
        *(f"  {layout}" for layout in LAYOUTS),
    ]
)
data = typer.Typer(no_args_is_help=True, help=HELP)


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


@data.command()
def show(
    recipe: Annotated[Path, typer.Argument(help="A YAML of training/recipes.")],
    folder: DataFolder,
    out: Annotated[Path, typer.Option(help="The PNG to write.")],
    n: Annotated[int, typer.Option("--n", min=1, max=1024, help="How many pictures, at most.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same sheet.")] = 0,
) -> None:
    """Draw a contact sheet of what training will see: augmented crops, by class, with their labels."""
    from roadsight_training.judging.plots import save_png
    from roadsight_training.recipe import read
    from roadsight_training.sheet import contact_sheet

    crops, captions = augmented(read(recipe), open_dataset(folder), n, seed)
    try:
        save_png(contact_sheet(crops, captions), out)
    except OSError as error:
        raise typer.BadParameter(f"{out}: {error.strerror}") from error
    Console().print(f"{len(crops)} crops: {out}")


def augmented(recipe: "Recipe", dataset: Dataset, n: int, seed: int) -> "tuple[list[Pixels], list[str]]":
    """Draws some pictures of the part that is trained on, as often as training draws them, and augments each once.

    Args:
        recipe: says what is trained on, and how it is augmented.
        dataset: holds the recipe's split.
        n: how many pictures; all, if there are fewer. What can't be read is left out.
        seed: fixes the choice and the augmentation.

    Returns:
        Crops uint8 [h, w, 3] and their labels, in the order of the labels; mixed ones with their shares.

    Raises:
        BadDataset: no rows, an unknown label, or nothing that can be read.
        BadSplit: nothing can be held back for validation.
        BadRecipe: the augmentation does not fit the labels.
    """
    import torch

    from roadsight_training.datasets.balance import balance_weights
    from roadsight_training.datasets.pictures import decode_all
    from roadsight_training.loading import Order, Turn
    from roadsight_training.prepare import divide
    from roadsight_training.transforms import Augmentation, reach

    dataset, training, _ = divide(recipe, dataset)
    augmentation = Augmentation(recipe.augment, recipe.input, dataset.labels)
    sampled = recipe.data.balance == "sampler"
    odds = balance_weights(training, recipe.data.balance_by) if sampled else None
    rows = Order(len(training), n, seed, odds=odds).rows(Turn(0, 0))
    chosen = [training[row] for row in sorted(rows)]  # boxes of one frame stand together
    pictures = decode_all(dataset, chosen, unreadable=1, reach=reach(recipe.augment, recipe.input)).pictures
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    shuffled = [pictures[place] for place in rng.permutation(len(pictures))]
    batches = [augmentation(shuffled[at : at + TOGETHER], rng) for at in range(0, len(shuffled), TOGETHER)]
    crops = [crop for frames, _ in batches for crop in frames.numpy()]
    targets = np.concatenate([shares.numpy() for _, shares in batches])
    order = targets.argmax(axis=1).argsort(kind="stable")
    return [crops[row] for row in order], [_caption(targets[row], dataset.labels) for row in order]


def _caption(shares: npt.NDArray[np.float32], labels: tuple[str, ...]) -> str:
    if shares.max() > WHOLE:
        return labels[int(shares.argmax())]
    named = [column for column in (-shares).argsort() if shares[column] > 0]
    return "\n".join(f"{labels[column]}: {shares[column]:.0%}" for column in named)
