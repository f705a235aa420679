"""Arrows and vehicles, as inks in plate coordinates. Left-right twins are drawn once and mirrored in `signs`."""

from roadsight_models.scene.ink import BLACK, WHITE, Colour, Drawing, Ink, Points, arc, box, disc


def arrow(path: Points, pen: float = 0.2, barb: float = 0.34) -> Drawing:
    """A white arrow along `path`: shaft, and two barbs swept back by 45 degrees from its last point."""
    (x0, y0), (x, y) = path[-2:]
    length = ((x - x0) ** 2 + (y - y0) ** 2) ** 0.5
    fx, fy = (x - x0) / length * barb, (y - y0) / length * barb
    barbs = ((x - fx - fy, y - fy + fx), (x, y), (x - fx + fy, y - fy - fx))
    return Ink(WHITE, path, pen), Ink(WHITE, barbs, pen)


def circling(radius: float = 0.58, pen: float = 0.12, barb: float = 0.22) -> Drawing:
    """Three arrows that follow each other anticlockwise."""
    inks: Drawing = ()
    for start in (20, 140, 260):
        path = arc(0, 0, radius, radius, start, start - 78)
        inks += arrow((*path[::3], path[-1]), pen, barb)
    return inks


def car(colour: Colour, x: float, y: float, stretch: float = 1.0, pen: float = 0.055) -> Drawing:
    """A car seen from the front, 0.5 wide at stretch 1; `pen` draws the roof, twice as wide the wheels."""

    def at(*points: tuple[float, float]) -> Points:
        return tuple((x + stretch * px, y + py) for px, py in points)

    return (
        Ink(colour, at((-0.25, 0.0), (0.25, 0.0), (0.25, 0.15), (-0.25, 0.15))),
        Ink(colour, at((-0.19, 0.0), (-0.15, -0.16), (0.15, -0.16), (0.19, 0.0)), pen),
        Ink(colour, at((-0.17, 0.15), (-0.17, 0.22)), 2 * pen),
        Ink(colour, at((0.17, 0.15), (0.17, 0.22)), 2 * pen),
    )


def truck_back(colour: Colour, x: float, y: float) -> Drawing:
    """A lorry seen from behind."""
    return (
        Ink(colour, box(x - 0.23, y - 0.33, x + 0.23, y + 0.13)),
        Ink(colour, box(x - 0.2, y + 0.17, x + 0.2, y + 0.22)),
        Ink(colour, ((x - 0.15, y + 0.2), (x - 0.15, y + 0.27)), 0.08),
        Ink(colour, ((x + 0.15, y + 0.2), (x + 0.15, y + 0.27)), 0.08),
    )


TRUCK: Drawing = (
    Ink(BLACK, box(-0.16, -0.3, 0.56, 0.1)),
    Ink(
        BLACK,
        (
            (-0.2, -0.16),
            (-0.38, -0.16),
            (-0.44, 0.02),
            (-0.56, 0.06),
            (-0.56, 0.22),
            (0.54, 0.22),
            (0.54, 0.13),
            (-0.2, 0.13),
        ),
    ),
    Ink(WHITE, ((-0.24, -0.1), (-0.34, -0.1), (-0.37, 0.0), (-0.24, 0.0))),
    Ink(WHITE, disc(0.13, -0.36, 0.24)),
    Ink(WHITE, disc(0.13, 0.34, 0.24)),
    Ink(BLACK, disc(0.1, -0.36, 0.24)),
    Ink(BLACK, disc(0.1, 0.34, 0.24)),
)
