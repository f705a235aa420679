"""The loads: each differs from its neighbour in one thing.

Load --draw--> requests, one a scene, a region a sign
"""

from dataclasses import dataclass

from roadsight_bench.requests import Request, ask
from roadsight_models.scene import draw as draw_scene

TASKS = ("traffic_sign", "road_object")  # one task is the first
FRAMES = 24
SIGN = (40, 96)  # bounds of its longer side, in pixels


@dataclass(frozen=True)
class Load:
    """Frames of a size, with so many regions, each judged for so many tasks, on so many connections."""

    width: int
    height: int
    regions: int
    tasks: int
    connections: tuple[int, ...] = (1, 16)

    @property
    def name(self) -> str:
        """What it is called in tables and files."""
        return f"{self.width}x{self.height} {self.regions}r {self.tasks}t"

    def draw(self) -> list[Request]:
        """Its requests; always the same."""
        scenes = (draw_scene(seed, self.width, self.height, self.regions, SIGN) for seed in range(FRAMES))
        return [ask(scene, TASKS[: self.tasks]) for scene in scenes]


COSTED = Load(1280, 720, regions=8, tasks=2)
LOADS = (
    Load(640, 360, regions=1, tasks=1),
    Load(1280, 720, regions=1, tasks=1, connections=(1, 4, 16, 64)),
    Load(1920, 1080, regions=1, tasks=1),
    Load(3840, 2160, regions=1, tasks=1),
    Load(1280, 720, regions=8, tasks=1),
    Load(1280, 720, regions=64, tasks=1),
    COSTED,
)
