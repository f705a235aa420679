"""Digits and letters after DIN 1451 as centre lines: cap height 1, width 0.5, y down, to be inked with a thick pen."""

from roadsight_models.scene.ink import Colour, Drawing, Ink, Points, arc, moved

_O: Points = (*arc(0.25, 0.25, 0.25, 0.25, 180, 360), *arc(0.25, 0.75, 0.25, 0.25, 0, 180), (0.0, 0.25))

GLYPHS: dict[str, tuple[Points, ...]] = {
    "0": (_O,),
    "1": (((0.0, 0.2), (0.24, 0.0), (0.24, 1.0)),),
    "2": ((*arc(0.25, 0.25, 0.24, 0.25, 190, 385), (0.0, 1.0), (0.5, 1.0)),),
    "3": ((*arc(0.24, 0.24, 0.22, 0.24, 200, 445), *arc(0.25, 0.73, 0.25, 0.27, 275, 520)),),
    "5": (((0.46, 0.0), (0.07, 0.0), (0.04, 0.46), *arc(0.24, 0.7, 0.26, 0.3, 235, 510)),),
    "6": (arc(0.25, 0.7, 0.25, 0.3), ((0.37, 0.0), (0.21, 0.22), (0.08, 0.46), (0.01, 0.64))),
    "7": (((0.0, 0.0), (0.5, 0.0), (0.3, 0.5), (0.2, 1.0)),),
    "8": (arc(0.25, 0.24, 0.21, 0.24), arc(0.25, 0.74, 0.25, 0.26)),
    "S": ((*arc(0.25, 0.25, 0.24, 0.25, 345, 110), *arc(0.25, 0.75, 0.25, 0.25, 290, 525)),),
    "T": (((0.0, 0.0), (0.5, 0.0)), ((0.25, 0.0), (0.25, 1.0))),
    "O": (_O,),
    "P": (((0.0, 1.0), (0.0, 0.0), (0.22, 0.0), *arc(0.22, 0.28, 0.26, 0.28, 270, 450), (0.0, 0.56)),),
}
_NARROW = {"1": 0.24}


def write(text: str, colour: Colour, height: float, pitch: float, pen: float, stretch: float = 1.0) -> Drawing:
    """Ink `text` about the origin.

    Args:
        text: characters of GLYPHS.
        colour: of the pen.
        height: outer height of the characters, in plate coordinates.
        pitch: room between two characters' centre lines.
        pen: width of the stroke.
        stretch: widens (> 1) or condenses (< 1) the characters.
    """
    scale = height - pen
    widths = [_NARROW.get(character, 0.5) * scale * stretch for character in text]
    x = -(sum(widths) + pitch * (len(text) - 1)) / 2
    inks: list[Ink] = []
    for character, width in zip(text, widths, strict=True):
        lines = moved(GLYPHS[character], x, -scale / 2, scale * stretch, scale)
        inks += [Ink(colour, line, pen) for line in lines]
        x += width + pitch
    return tuple(inks)
