"""The JPEG files that are sent: drawn, so that nobody's pictures are needed; always the same.

seeds --scene.draw--> 720p frames --encode--> JPEG
                                  --crop, encode--> JPEG of 48 x 48 px, one a sign
"""

from collections.abc import Iterator

from roadsight_bench.cases import Case
from roadsight_models.draw import encode
from roadsight_models.manifest import CropRule
from roadsight_models.preprocess import crop
from roadsight_models.regions import Box
from roadsight_models.scene import Scene
from roadsight_models.scene import draw as draw_scene

FRAMES = 24
SIGNS = 3  # a frame
SMALL = CropRule(width=48, height=48, context=0.1, resize="area_or_linear", min_side=8)


def draw(case: Case) -> list[bytes]:
    """The bodies of a case: 24 frames of 1280 x 720 px, or the 72 crops of their signs."""
    scenes = (draw_scene(seed, signs=SIGNS, side=(40, 96)) for seed in range(FRAMES))
    return [encode(scene) for whole in scenes for scene in (_crops(whole) if case.sends == "crops" else (whole,))]


def _crops(scene: Scene) -> Iterator[Scene]:
    return (Scene(crop(scene.pixels, Box(*sign.box), SMALL), (sign,)) for sign in scene.signs)
