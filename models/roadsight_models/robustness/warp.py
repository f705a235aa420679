"""Pictures turned, scaled and shifted, and the way back for a gradient.

    pixels [N, h, w, 3] --Warp.apply--> pixels, moved
    the gradient by these --Warp.transpose--> the gradient by the first

Bilinear; beyond the picture its border goes on. A table of pixels and weights says where each value comes from, and
both ways read it: OpenCV up to 4 rounds places to 1/32 px, so that no transpose would be that of its own map.
"""

import cv2
import numpy as np
import numpy.typing as npt

from roadsight_models.robustness.threat import Floats


class Warp:
    """A linear map of pictures of one size."""

    def __init__(
        self,
        size: tuple[int, int],
        degrees: float = 0.0,
        scale: float = 1.0,
        shift: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """About the middle of the picture.

        Args:
            size: height and width, in pixels.
            degrees: to turn by, against the clock.
            scale: over 1 enlarges; over 0.
            shift: to the right and down, in shares of width and height.
        """
        height, width = size
        matrix = np.asarray(cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, scale), np.float64)
        matrix[:, 2] += shift[0] * width, shift[1] * height
        back = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
        down, across = np.mgrid[:height, :width].reshape(2, -1)
        sources = back @ np.stack([across, down, np.ones(across.size)])
        left, right, to_right = _neighbours(sources[0], width)
        upper, lower, to_lower = _neighbours(sources[1], height)
        # int64 [4, h * w] and float32 [4, h * w]
        self._places = np.stack([y * width + x for y in (upper, lower) for x in (left, right)])
        parts = [y * x for y in (1 - to_lower, to_lower) for x in (1 - to_right, to_right)]
        self._weights = np.stack(parts).astype(np.float32)

    def apply(self, pixels: Floats) -> Floats:
        """Moves float32 [N, h, w, 3]; where nothing is moved, values stay exactly as they are."""
        flat = pixels.reshape(len(pixels), -1, 3)
        moved = np.zeros_like(flat)
        for places, weights in zip(self._places, self._weights, strict=True):
            moved += flat[:, places] * weights[:, None]
        return moved.reshape(pixels.shape)

    def transpose(self, gradient: Floats) -> Floats:
        """Carries float32 [N, h, w, 3], the gradient of anything by moved pixels, back to the pixels before."""
        planes = np.moveaxis(gradient, 3, 1).reshape(-1, gradient[0, ..., 0].size)  # [N * 3, h * w]
        places, size = self._places.ravel(), planes.shape[1]
        sums = [np.bincount(places, (self._weights * plane).ravel(), size) for plane in planes]
        carried = np.array(sums, np.float32).reshape(len(gradient), 3, *gradient.shape[1:3])
        return np.ascontiguousarray(np.moveaxis(carried, 1, 3))


def _neighbours(
    sources: npt.NDArray[np.float64], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The pixels before and after each place along a side of `count` pixels, and the weight of the latter."""
    within = sources.clip(0, count - 1)
    before = within.astype(np.int64)
    return before, np.minimum(before + 1, count - 1), within - before
