"""One look for every plot of this room, and the ways a picture leaves it.

new_figure --> Figure, Axes --draw--> encode --> PNG bytes --save_png--> file for slides
                                                           --as_data_uri--> inside a page
"""

import base64
import io
from pathlib import Path

import cv2
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from roadsight_models.frame import Pixels

# Okabe and Ito 2008: told apart by people who see colours differently.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW = (
    *("#0072B2", "#E69F00", "#009E73", "#D55E00"),
    *("#CC79A7", "#56B4E9", "#F0E442"),
)
INK, PALE = "#222222", "#BBBBBB"
SERIES = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY)
Picture = Figure | Pixels  # pixels are uint8 [H, W, 3] RGB

DPI = 160  # 8 inches are 1280 pixels: a slide


def new_figure(width: float, height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Makes a figure of so many plots side by side; it belongs to nobody but the caller.

    Args:
        width: in inches, of 160 pixels each.
        height: likewise.
        columns: how many plots.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")
    plots = [figure.add_subplot(1, columns, place + 1) for place in range(columns)]
    for axes in plots:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(PALE)
        axes.tick_params(colors=INK, labelsize=9, length=3)
        axes.grid(True, color=PALE, alpha=0.35, linewidth=0.6)
        axes.set_axisbelow(True)
    return figure, plots


def describe(axes: Axes, title: str, x: str, y: str, legend: bool = True) -> None:
    """Writes the words at a plot."""
    axes.set_title(title, fontsize=11, color=INK, loc="left")
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)
    if legend and axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, frameon=False)


def encode(picture: Picture) -> bytes:
    """Gives a picture as a PNG file."""
    if isinstance(picture, Figure):
        stream = io.BytesIO()
        picture.savefig(stream, format="png", metadata={"Software": None})  # so that the same plot is the same file
        return stream.getvalue()
    _, png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return png.tobytes()


def save_png(picture: Picture, path: Path) -> None:
    """Writes a picture as a PNG, whatever the file is called; raises OSError as `Path.write_bytes` does."""
    path.write_bytes(encode(picture))


def as_data_uri(png: bytes) -> str:
    """Gives a PNG file as an address that holds the file itself."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
