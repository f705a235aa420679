"""What training does to a picture before the network sees it.

    Pictures --warp--> uint8 [N, h, w, 3] --colour, blur, noise--> uint8 [N, h, w, 3]

The geometry is one perspective warp a picture, so that crop, shift, scale, rotation and shear cost a single resampling,
straight from the stored pixels. The rest runs through torchvision on small groups, which share what it draws.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torchvision.transforms import v2  # type: ignore[import-untyped]

from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule
from roadsight_training.datasets.pictures import Picture
from roadsight_training.recipe import Augment

GROUP = 4  # pictures that share what torchvision draws: one at a time costs five times as much
SMALL = (14, 40)  # shorter side in pixels that `small` reduces to
SMEAR = (3, 9)  # length in pixels of a motion blur

Corners = npt.NDArray[np.float32]  # [4, 2]: x, y of top left, top right, bottom right, bottom left
SQUARE = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)


class Augmentation:
    """Turns decoded pictures into a training batch; draws from the generator it is given, and from torch's."""

    def __init__(self, options: Augment, rule: CropRule) -> None:
        self.options, self.rule = options, rule
        self.target = ((SQUARE + 1) / 2 * (rule.width, rule.height) - 0.5).astype(np.float32)
        self.light = v2.Compose(
            [
                v2.ToDtype(torch.float32, scale=True),
                v2.ColorJitter(options.brightness, options.contrast, options.saturation, options.hue),
                v2.RandomApply([v2.GaussianBlur(5, (0.3, 1.6))], options.blur),
                v2.RandomApply([Noise()], options.noise),
                v2.ToDtype(torch.uint8, scale=True),
            ]
        )

    def __call__(self, pictures: Sequence[Picture], rng: np.random.Generator) -> Tensor:
        """Augments a batch: uint8 [N, h, w, 3] in the order given."""
        warped = np.stack([self._warp(picture, rng) for picture in pictures])
        batch = torch.from_numpy(warped).permute(0, 3, 1, 2).contiguous()
        lit = torch.cat([self.light(group) for group in torch.split(batch, GROUP)])
        return lit.permute(0, 2, 3, 1).contiguous()

    def _warp(self, picture: Picture, rng: np.random.Generator) -> Pixels:
        matrix = cv2.getPerspectiveTransform(self.target, source_corners(picture, self.options, rng))
        size = (self.rule.width, self.rule.height)
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        pixels = cv2.warpPerspective(picture.pixels, matrix, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
        if rng.random() < self.options.small:
            side = int(rng.integers(*SMALL, endpoint=True))
            little = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
            pixels = cv2.resize(little, size, interpolation=cv2.INTER_LINEAR)
        if rng.random() < self.options.motion_blur:
            pixels = cv2.filter2D(pixels, -1, smear(rng), borderType=cv2.BORDER_REPLICATE)
        return pixels.astype(np.uint8, copy=False)


class Noise(v2.Transform):  # type: ignore[misc]
    """Gaussian noise of a strength drawn anew each time; torchvision's own has a fixed one."""

    def transform(self, inpt: Tensor, params: dict[str, object]) -> Tensor:
        """Adds noise of up to 10 % of the range to float [N, 3, h, w] in [0, 1], and clips."""
        noisy: Tensor = v2.functional.gaussian_noise(inpt, sigma=float(torch.rand(())) * 0.1)
        return noisy


def source_corners(picture: Picture, options: Augment, rng: np.random.Generator) -> Corners:
    """Draws the quadrilateral in the picture that becomes the crop.

    Margins are drawn with their mode at the tight box, because that is what a client sends, and clipped at the picture,
    as the crop rule clips its context.
    """
    height, width, _ = picture.pixels.shape
    x1, y1, x2, y2 = picture.box
    low, high = options.margin
    mode = min(max(0.0, low), high)
    left, top, right, bottom = rng.triangular(low, mode, high, 4) if low < high else (low,) * 4
    x1, x2 = max(x1 - left * (x2 - x1), 0), min(x2 + right * (x2 - x1), width)
    y1, y2 = max(y1 - top * (y2 - y1), 0), min(y2 + bottom * (y2 - y1), height)
    angle, shear_x, shear_y = np.radians(rng.uniform(-1, 1, 3) * (options.rotate_degrees, *[options.shear_degrees] * 2))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    lean = np.array([[1, math.tan(shear_x)], [math.tan(shear_y), 1]])
    corners = SQUARE @ (turn @ lean).T + rng.uniform(-2, 2, (4, 2)) * options.perspective
    half, centre = ((x2 - x1) / 2, (y2 - y1) / 2), ((x1 + x2) / 2, (y1 + y2) / 2)
    return np.asarray(corners * half + centre - 0.5, np.float32)


def smear(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Draws a motion-blur kernel: a line of 3 to 9 px at any angle, summing to 1."""
    length = int(rng.integers(*SMEAR, endpoint=True))
    angle = rng.uniform(0, math.pi)
    kernel = np.zeros((SMEAR[1], SMEAR[1]), np.float32)
    centre = SMEAR[1] // 2
    dx, dy = math.cos(angle) * (length - 1) / 2, math.sin(angle) * (length - 1) / 2
    start, end = (round(centre - dx), round(centre - dy)), (round(centre + dx), round(centre + dy))
    cv2.line(kernel, start, end, 1.0)
    return np.asarray(kernel / kernel.sum(), np.float32)
