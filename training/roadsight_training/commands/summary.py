"""`roadsight summary`: what a network is made of, at one size of picture."""

# ruff: noqa: PLC0415  (see the docstring of this package)

import re
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from roadsight_training.errors import BadRecipe

if TYPE_CHECKING:
    from roadsight_training.summary import Layer, Summary

MISFIT = """\
Does not fit: (N - F + 2P) / stride + 1 is no integer, so the last rows or columns lie behind the last window."""
WIDTH = 120  # that of the widest table; a narrower terminal breaks lines, and no number is cut


def summary(
    network: Annotated[str, typer.Argument(help="A name, such as resnet18; one that is unknown lists them all.")],
    shape: Annotated[str, typer.Option("--input", help="3xHEIGHTxWIDTH in pixels.")] = "3x64x64",
    classes: Annotated[int, typer.Option(min=2, help="How many classes the head tells apart.")] = 43,
) -> None:
    """List a network's layers: output, receptive field in pixels, parameters, multiply-accumulates, pixels dropped."""
    size = _size(shape)
    import torch

    from roadsight_training.networks import build
    from roadsight_training.recipe import Network
    from roadsight_training.summary import summarise

    with torch.device("meta"):  # shapes without numbers
        built = build(Network(name=network), classes, size)
    found = summarise(built, size)
    console = Console(width=max(WIDTH, Console().width))
    console.print(_table(found, f"{network} for {shape}, {classes} classes"))
    if any(layer.left_over for layer in found.layers):
        console.print(MISFIT, highlight=False)


def _size(shape: str) -> tuple[int, int]:
    sides = re.fullmatch(r"3x([1-9]\d{0,4})x([1-9]\d{0,4})", shape, re.ASCII)
    if sides is None:
        raise BadRecipe("--input", f"{shape!r} is no shape; 3xHEIGHTxWIDTH is expected, such as 3x64x64")
    return int(sides[1]), int(sides[2])


def _table(found: "Summary", title: str) -> Table:
    table = Table("layer", "kind", "output", title=title, title_justify="left", box=SIMPLE, show_footer=True)
    table.columns[0].footer = "all of it"
    table.add_column("field", "", justify="right")
    table.add_column("parameters", f"{found.parameters:,}", justify="right")
    table.add_column("MACs", f"{found.macs:,}", justify="right")
    table.add_column("does not fit", "")
    for layer in found.layers:
        output = "x".join(map(str, layer.shape))
        numbers = (str(layer.receptive_field), f"{layer.parameters:,}", f"{layer.macs:,}")
        table.add_row(layer.name, layer.kind, output, *numbers, _misfit(layer))
    return table


def _misfit(layer: "Layer") -> str:
    if not layer.left_over:
        return ""
    return f"{layer.dropped} dropped" if layer.dropped else f"{layer.left_over} of padding"
