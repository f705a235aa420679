"""What a service meets in a long life: frames of four sizes, one sign or eight or the whole, one task or both.

Part(s) --draw--> requests, mixed
"""

from typing import NamedTuple

from roadsight_bench.requests import Request, ask
from roadsight_models.scene import draw as draw_scene

SIGN = (40, 96)  # bounds of its longer side, in pixels


class Part(NamedTuple):
    """Frames of one kind; no sign means that the whole frame is judged, no task that every task is asked."""

    frames: int
    width: int
    height: int
    signs: int
    tasks: tuple[str, ...] = ()


PARTS = (
    Part(6, 640, 360, signs=1),
    Part(6, 1280, 720, signs=1),
    Part(4, 1280, 720, signs=0),
    Part(2, 1280, 720, signs=8),
    Part(4, 1920, 1080, signs=1, tasks=("traffic_sign",)),
    Part(2, 3840, 2160, signs=1, tasks=("road_object",)),
)


def draw() -> list[Request]:
    """The requests; always the same, in an order that lets no kind come in a row."""
    kinds = [
        [ask(draw_scene(seed, part.width, part.height, part.signs, SIGN), part.tasks) for seed in range(part.frames)]
        for part in PARTS
    ]
    # Each kind is spread evenly over the whole: its n-th of N frames stands at (n + 1/2) / N.
    placed = [((n + 0.5) / len(kind), request) for kind in kinds for n, request in enumerate(kind)]
    return [request for _, request in sorted(placed, key=lambda one: one[0])]
