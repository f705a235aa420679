"""What a camera does to a crop: resolution, motion, light, blur, noise, compression.

uint8 [h, w, 3] --reduce, smear--> uint8 [h, w, 3]     OpenCV, one picture at a time, in place
uint8 [G, 3, h, w] --exposure--> uint8 [G, 3, h, w]    torchvision, on small groups that share what it draws

Hue and blur keep torchvision's draws and results but compute in OpenCV: measured, 9 and 5 times as fast.
"""

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import simplejpeg
import torch
from torch import Tensor
from torchvision.transforms import v2  # type: ignore[import-untyped]

from roadsight_models.frame import Pixels
from roadsight_training.recipe import Augment

SMEAR = (3, 9)  # length in pixels of a motion blur
COVERED = (0.02, 0.2)  # fraction of the crop that `occlusion` covers
QUALITY = (30, 90)  # of `jpeg`
HUE = 3  # of the operations that ColorJitter puts in random order


def reduce(pixels: Pixels, sides: tuple[int, int], rng: np.random.Generator) -> None:
    """Makes uint8 [h, w, 3] as coarse as an object that is far away: so many pixels on a side, from and to."""
    side = int(rng.integers(*sides, endpoint=True))
    little = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    cv2.resize(little, pixels.shape[1::-1], dst=pixels, interpolation=cv2.INTER_LINEAR)


def smear(pixels: Pixels, rng: np.random.Generator) -> None:
    """Smears uint8 [h, w, 3] along a line, as motion does."""
    pixels[:] = cv2.filter2D(pixels, -1, smear_kernel(rng), borderType=cv2.BORDER_REPLICATE)


def smear_kernel(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Draws a motion-blur kernel: a line of 3 to 9 px at any angle, summing to 1."""
    length = int(rng.integers(*SMEAR, endpoint=True))
    angle = rng.uniform(0, math.pi)
    kernel = np.zeros((SMEAR[1], SMEAR[1]), np.float32)
    centre = SMEAR[1] // 2
    dx, dy = math.cos(angle) * (length - 1) / 2, math.sin(angle) * (length - 1) / 2
    start, end = (round(centre - dx), round(centre - dy)), (round(centre + dx), round(centre + dy))
    cv2.line(kernel, start, end, 1.0)
    return np.asarray(kernel / kernel.sum(), np.float32)


def exposure(options: Augment) -> v2.Transform:
    """What is done to a group of crops, uint8 [G, 3, h, w], which share what is drawn."""
    steps = [
        v2.ToDtype(torch.float32, scale=True),
        Occlusion(options.occlusion, COVERED),
        Jitter(options.brightness, options.contrast, options.saturation, options.hue),
        v2.RandomApply([Blur(5, (0.3, 1.6))], options.blur),
        v2.RandomApply([Noise()], options.noise),
        v2.ToDtype(torch.uint8, scale=True),
        v2.RandomApply([Jpeg()], options.jpeg),
    ]
    return v2.Compose(steps)


class Occlusion(v2.RandomErasing):  # type: ignore[misc]
    """Random erasing (Zhong et al. 2017) that covers with noise, a grey or the crop's mean colour, each as often."""

    def transform(self, inpt: Tensor, params: dict[str, Any]) -> Tensor:
        """Covers a rectangle of float [G, 3, h, w] in [0, 1]."""
        if params["v"] is None:  # no rectangle fitted
            return inpt
        noise, grey, mean = (
            torch.rand(3, params["h"], params["w"]),
            torch.rand(1, 1, 1),
            inpt.mean((2, 3), keepdim=True),
        )
        fill = (noise, grey, mean)[int(torch.randint(3, ()))]
        covered: Tensor = super().transform(inpt, params | {"v": fill})
        return covered


class Jitter(v2.ColorJitter):  # type: ignore[misc]
    """torchvision's colour jitter, quicker."""

    def transform(self, inpt: Tensor, params: dict[str, Any]) -> Tensor:
        """Changes float [G, 3, h, w] in [0, 1] in the order drawn."""
        order = params["fn_idx"].tolist()
        at = order.index(HUE)
        lit: Tensor = super().transform(inpt, params | {"fn_idx": order[:at]})
        if params["hue_factor"] is not None:
            lit = turn_hue(lit, params["hue_factor"])
        lit = super().transform(lit, params | {"fn_idx": order[at + 1 :]})
        return lit


def turn_hue(crops: Tensor, turns: float) -> Tensor:
    """What `adjust_hue` of torchvision gives for float [G, 3, h, w] in [0, 1] and -0.5 to 0.5 turns."""
    rows = crops.permute(0, 2, 3, 1).contiguous().numpy()
    flat = rows.reshape(-1, rows.shape[2], 3)  # the crops one below the other
    hsv = cv2.cvtColor(flat, cv2.COLOR_RGB2HSV)
    # OpenCV takes angles of up to two turns, and none below zero.
    hsv[..., 0] = hsv[..., 0] + turns % 1 * 360
    cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB, dst=flat)
    return torch.from_numpy(rows).permute(0, 3, 1, 2).contiguous()


class Blur(v2.GaussianBlur):  # type: ignore[misc]
    """torchvision's Gaussian blur, quicker."""

    def transform(self, inpt: Tensor, params: dict[str, Any]) -> Tensor:
        """Blurs float [G, 3, h, w]."""
        planes = inpt.flatten(0, 1).numpy()
        return torch.from_numpy(
            np.stack([cv2.GaussianBlur(plane, self.kernel_size, *params["sigma"]) for plane in planes])
        ).view_as(inpt)


class Noise(v2.Transform):  # type: ignore[misc]
    """Gaussian noise of a strength drawn anew each time; torchvision's own has a fixed one."""

    def transform(self, inpt: Tensor, params: dict[str, Any]) -> Tensor:
        """Adds noise of up to 10 % of the range to float [G, 3, h, w] in [0, 1], and clips."""
        noisy: Tensor = v2.functional.gaussian_noise(inpt, sigma=float(torch.rand(())) * 0.1)
        return noisy


class Jpeg(v2.Transform):  # type: ignore[misc]
    """JPEG at a quality drawn anew each time; torchvision's own goes through a codec that it is about to drop."""

    def make_params(self, flat_inputs: list[Tensor]) -> dict[str, Any]:
        """Draws the quality."""
        low, high = QUALITY
        return {"quality": int(torch.randint(low, high + 1, ()))}

    def transform(self, inpt: Tensor, params: dict[str, Any]) -> Tensor:
        """Compresses uint8 [G, 3, h, w] with 4:2:0 chroma, as cameras do, and decodes it as the service does."""
        crops = inpt.permute(0, 2, 3, 1).contiguous().numpy()
        files = [simplejpeg.encode_jpeg(crop, params["quality"], colorsubsampling="420") for crop in crops]
        decoded = np.stack([simplejpeg.decode_jpeg(file) for file in files])
        return torch.from_numpy(decoded).permute(0, 3, 1, 2).contiguous()
