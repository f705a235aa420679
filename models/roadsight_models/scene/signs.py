"""The German signs that can be drawn, as a table: label -> plate + pictogram (StVO, Anlagen 1 to 3)."""

from math import sqrt

from roadsight_models.scene import hazards
from roadsight_models.scene.glyphs import write
from roadsight_models.scene.ink import (
    BLACK,
    BLUE,
    GREY,
    RED,
    WHITE,
    YELLOW,
    Colour,
    Drawing,
    Ink,
    Points,
    box,
    disc,
    mirrored,
    rounded,
)
from roadsight_models.scene.pictograms import TRUCK, arrow, car, circling, truck_back


def _triangle(inset: float, corner: float, up: bool = True) -> Points:
    """The plate's equilateral triangle, its sides moved in by `inset`, its corners rounded by `corner`."""
    inradius = 0.62 - inset - corner
    sign = 1 if up else -1
    x, top, bottom = inradius * sqrt(3), sign * (0.26 - 2 * inradius), sign * (0.26 + inradius)
    return rounded(((0, top), (x, bottom), (-x, bottom)), corner)


def _diamond(reach: float, corner: float) -> Points:
    """A square on its tip that reaches from -reach to reach."""
    tip = reach - corner
    return rounded(((0, -tip), (tip, 0), (0, tip), (-tip, 0)), corner)


def _octagon(reach: float) -> Points:
    """A regular octagon with a flat top."""
    half = reach * (sqrt(2) - 1)
    right = ((half, -reach), (reach, -half), (reach, half), (half, reach))
    return (*right, *((-x, -y) for x, y in right))


WARNING: Drawing = (
    Ink(WHITE, _triangle(0, 0.1)),
    Ink(RED, _triangle(0.035, 0.09)),
    Ink(WHITE, _triangle(0.17, 0.04)),
)
PROHIBITION: Drawing = (Ink(WHITE, disc(1)), Ink(RED, disc(0.955)), Ink(WHITE, disc(0.725)))
MANDATORY: Drawing = (Ink(WHITE, disc(1)), Ink(BLUE, disc(0.95)))
RELEASE: Drawing = (Ink(WHITE, disc(1)), Ink(GREY, disc(0.955)), Ink(WHITE, disc(0.92)))
STRIPES: Drawing = tuple(
    Ink(BLACK, ((-0.64 + d, 0.64 + d), (0.64 + d, -0.64 + d)), 0.045) for d in (-0.12, -0.06, 0, 0.06, 0.12)
)


def _limit(number: int, colour: Colour = BLACK) -> Drawing:
    """A speed as it stands on a plate: three digits in the narrow script."""
    wide = number < 100
    return write(str(number), colour, 0.86, 0.28 if wide else 0.21, 0.155 if wide else 0.12, 1.0 if wide else 0.66)


TURN_RIGHT: Drawing = MANDATORY + arrow(((-0.25, 0.6), (-0.25, 0.05), (-0.18, -0.12), (0.0, -0.2), (0.56, -0.2)))
STRAIGHT_OR_RIGHT: Drawing = (
    *MANDATORY,
    *arrow(((-0.2, 0.68), (-0.2, -0.66)), barb=0.25),
    *arrow(((-0.2, 0.5), (-0.14, 0.3), (0.0, 0.2), (0.62, 0.2)), barb=0.25),
)
KEEP_RIGHT: Drawing = MANDATORY + arrow(((-0.48, -0.42), (0.46, 0.4)))

DRAWINGS: dict[str, Drawing] = {
    **{f"speed_limit_{n}": PROHIBITION + _limit(n) for n in (20, 30, 50, 60, 70, 80, 100, 120)},
    "end_of_speed_limit_80": RELEASE + _limit(80, GREY) + STRIPES,
    "no_passing": PROHIBITION + car(RED, -0.32, 0.0) + car(BLACK, 0.32, 0.0),
    "no_passing_for_trucks": PROHIBITION + truck_back(RED, -0.3, 0.0) + car(BLACK, 0.32, 0.06),
    "right_of_way_at_next_intersection": WARNING + hazards.PRIORITY_CROSSING,
    "priority_road": (
        Ink(WHITE, _diamond(1, 0.08)),
        Ink(BLACK, _diamond(0.96, 0.07)),
        Ink(WHITE, _diamond(0.92, 0.06)),
        Ink(BLACK, _diamond(0.6, 0.02)),
        Ink(YELLOW, _diamond(0.55, 0.01)),
    ),
    "yield": (
        Ink(WHITE, _triangle(0, 0.1, up=False)),
        Ink(RED, _triangle(0.035, 0.09, up=False)),
        Ink(WHITE, _triangle(0.22, 0.03, up=False)),
    ),
    "stop": (
        Ink(WHITE, _octagon(1)),
        Ink(RED, _octagon(0.94)),
        *write("STOP", WHITE, 0.66, 0.17, 0.115, 0.98),
    ),
    "no_vehicles": PROHIBITION,
    "no_trucks": PROHIBITION + TRUCK,
    "no_entry": (Ink(WHITE, disc(1)), Ink(RED, disc(0.955)), Ink(WHITE, box(-0.74, -0.15, 0.74, 0.15))),
    "general_caution": WARNING + hazards.EXCLAMATION,
    "dangerous_curve_left": WARNING + hazards.CURVE_LEFT,
    "dangerous_curve_right": WARNING + mirrored(hazards.CURVE_LEFT),
    "double_curve": WARNING + hazards.DOUBLE_CURVE,
    "bumpy_road": WARNING + hazards.BUMPS,
    "slippery_road": WARNING + hazards.SKIDDING,
    "road_narrows_on_right": WARNING + hazards.NARROWS_RIGHT,
    "road_work": WARNING + hazards.WORKER,
    "traffic_signals": WARNING + hazards.LAMPS,
    "pedestrians": WARNING + hazards.WALKER,
    "children_crossing": WARNING + hazards.CHILDREN,
    "bicycles_crossing": WARNING + hazards.BICYCLE,
    "beware_of_ice_or_snow": WARNING + hazards.SNOWFLAKE,
    "wild_animals_crossing": WARNING + hazards.DEER,
    "end_of_all_restrictions": RELEASE + STRIPES,
    "turn_right_ahead": TURN_RIGHT,
    "turn_left_ahead": mirrored(TURN_RIGHT),
    "ahead_only": MANDATORY + arrow(((0, 0.68), (0, -0.62))),
    "go_straight_or_right": STRAIGHT_OR_RIGHT,
    "go_straight_or_left": mirrored(STRAIGHT_OR_RIGHT),
    "keep_right": KEEP_RIGHT,
    "keep_left": mirrored(KEEP_RIGHT),
    "roundabout_mandatory": MANDATORY + circling(),
    "end_of_no_passing": RELEASE + car(GREY, -0.37, 0.0, 1.35, 0.034) + car(GREY, 0.37, 0.0, 1.35, 0.034) + STRIPES,
    "end_of_no_passing_for_trucks": RELEASE + truck_back(GREY, -0.3, 0.0) + car(GREY, 0.32, 0.06) + STRIPES,
}
DRAWABLE: tuple[str, ...] = tuple(DRAWINGS)
