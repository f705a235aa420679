"""Contact sheets: many small pictures with captions as one picture.

tiles uint8 [h, w, 3] + captions --contact_sheet--> uint8 [H, W, 3]
                                 ValueError
"""

import re
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from roadsight_models.frame import Pixels

GAP = 8  # pixels between two tiles, and around them
TEXT = 10  # height of a letter in pixels
LINE = 13  # pixels from one line of a caption to the next
LINES = 4  # of a caption; what is longer is cut off
PAPER, INK = 255, 0


def contact_sheet(tiles: Sequence[Pixels], captions: Sequence[str], columns: int = 8, side: int = 96) -> Pixels:
    """Lays tiles out row by row, each as large as fits a square, with its caption below.

    Args:
        tiles: uint8 [h, w, 3] RGB, of any sizes.
        captions: one a tile; a long one is broken after spaces and underscores.
        columns: tiles in a row; fewer tiles make a narrower sheet.
        side: of a tile's square, in pixels.

    Returns:
        uint8 [H, W, 3] RGB.

    Raises:
        ValueError: no tiles, or not as many captions.
    """
    if not tiles or len(tiles) != len(captions):
        raise ValueError(f"a sheet needs tiles and a caption each, not {len(tiles)} and {len(captions)}")
    font = ImageFont.load_default(TEXT)
    texts = [_broken(caption, font, side) for caption in captions]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    cell = side + GAP, side + GAP + LINE * max(text.count("\n") + 1 for text in texts)  # width, height
    sheet = Image.new("RGB", (GAP + columns * cell[0], GAP + rows * cell[1]), (PAPER,) * 3)
    pen = ImageDraw.Draw(sheet)
    for place, (tile, text) in enumerate(zip(tiles, texts, strict=True)):
        left, top = GAP + place % columns * cell[0], GAP + place // columns * cell[1]
        fitted = Image.fromarray(_fitted(tile, side))
        sheet.paste(fitted, (left + (side - fitted.width) // 2, top + (side - fitted.height) // 2))
        pen.multiline_text((left, top + side), text, (INK,) * 3, font, spacing=LINE - TEXT)
    return np.array(sheet)


def _fitted(tile: Pixels, side: int) -> Pixels:
    height, width, _ = tile.shape
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(tile, size, interpolation=how).astype(np.uint8, copy=False)


def _broken(caption: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    lines = [""]
    for word in re.split(r"(?<=[ _\n])", caption):
        if lines[-1] and (lines[-1].endswith("\n") or font.getlength(lines[-1] + word.rstrip()) > width):
            lines.append("")
        lines[-1] += word
    return "\n".join(line.rstrip() for line in lines[:LINES])
