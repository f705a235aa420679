"""Draws road scenes with German traffic signs, exact boxes and labels: demo, golden inputs, tests, load.

    seed --landscape--> road --plates on poles--> picture --photographed--> Scene(pixels, signs)
    label --drawing--> plate straight on (`draw_sign`)

Bad arguments are a ValueError. All drawings are vectors in this package; no image and no font is read.
"""

from roadsight_models.scene.compose import Scene, Sign, draw
from roadsight_models.scene.plate import draw_sign
from roadsight_models.scene.signs import DRAWABLE

__all__ = ["DRAWABLE", "Scene", "Sign", "draw", "draw_sign"]
