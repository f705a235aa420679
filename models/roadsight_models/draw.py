"""`roadsight draw`: a drawn road scene as a file, to try the service without a camera.

seed --scene.draw--> Scene --encode--> JPEG; its boxes and labels go to the terminal
"""

import json
from pathlib import Path
from typing import Annotated

import cv2
import typer

from roadsight_models.scene import DRAWABLE, Scene
from roadsight_models.scene import draw as draw_scene


def encode(scene: Scene, quality: int = 92) -> bytes:
    """The scene as a JPEG file."""
    bgr = cv2.cvtColor(scene.pixels, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return jpeg.tobytes()


def draw(
    path: Annotated[Path, typer.Argument(help="The JPEG to write.")],
    seed: Annotated[int, typer.Option(help="The same seed draws the same scene.")] = 0,
    signs: Annotated[int, typer.Option(help="How many signs.")] = 3,
    label: Annotated[list[str] | None, typer.Option(help="Draw only these; repeatable.")] = None,
) -> None:
    """Draws a road scene with German traffic signs; prints the boxes as the service takes them, then the labels."""
    try:
        scene = draw_scene(seed, signs=signs, side=(40, 96), labels=tuple(label or DRAWABLE))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    try:
        path.write_bytes(encode(scene))
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from error
    print(json.dumps([sign.box for sign in scene.signs], separators=(",", ":")))
    print(" ".join(sign.label for sign in scene.signs))
