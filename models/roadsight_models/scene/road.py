"""The world behind the signs: sky, treeline, verges, asphalt with lane marks, poles. Everything uint8 [H, W, 3] RGB."""

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

_SKIES = (  # zenith, horizon
    ((74, 118, 184), (186, 206, 226)),  # clear
    ((150, 156, 166), (206, 208, 212)),  # overcast
    ((96, 112, 140), (224, 196, 168)),  # evening
)


def _clouds(rng: np.random.Generator, height: int, width: int, cells: int, amount: float) -> npt.NDArray[np.float32]:
    """Smooth noise about 0, float32 [height, width, 1]."""
    coarse = rng.normal(0, amount, (cells, 2 * cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)[..., None]


def _enlarged(small: npt.NDArray[np.float32], height: int, width: int) -> Pixels:
    """Smooth pictures are painted at a quarter of the size: a sixteenth of the pixels, and nobody sees it."""
    pixels = np.clip(small, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _sky(rng: np.random.Generator, height: int, width: int) -> Pixels:
    h, w = height // 4 + 1, width // 4 + 1
    zenith, low = np.array(_SKIES[rng.integers(len(_SKIES))], np.float32)
    down = np.linspace(0, 1, h, dtype=np.float32)[:, None, None]
    return _enlarged(zenith * (1 - down) + low * down + _clouds(rng, h, w, 5, 14), height, width)


def _grass(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """Grass and soil, darker in patches."""
    h, w = height // 4 + 1, width // 4 + 1
    tone = rng.uniform((70, 78, 40), (110, 112, 66)).astype(np.float32)
    return _enlarged(tone + _clouds(rng, h, w, 24, 12) + _clouds(rng, h, w, 6, 8), height, width)


def _grain(rng: np.random.Generator, ground: Pixels) -> None:
    """Stones and blades: grey speckles of one to a few pixels, wider than high as the ground lies flat, in place."""
    h, w = ground.shape[0] // 2 + 1, ground.shape[1] // 3 + 1
    speckle = np.frombuffer(rng.bytes(h * w), np.uint8).reshape(h, w) // 8
    wide = cv2.resize(speckle, (ground.shape[1], ground.shape[0]), interpolation=cv2.INTER_LINEAR)
    cv2.subtract(ground, cv2.merge((wide, wide, wide)), dst=ground)


def _trees(rng: np.random.Generator, picture: Pixels, horizon: int) -> None:
    """A treeline that stands on the horizon, in place."""
    height, width = picture.shape[:2]
    profile = cv2.resize(rng.uniform(0.02, 0.16, (1, 12)), (width, 1), interpolation=cv2.INTER_CUBIC)[0]
    profile += cv2.resize(rng.normal(0, 0.008, (1, max(2, width // 5))), (width, 1))[0]
    tops = horizon - np.clip(profile, 0.01, 0.3) * height
    line = np.column_stack((np.arange(width), tops))
    polygon = np.vstack((line, ((width, horizon), (0, horizon)))).round().astype(np.int32)
    cv2.fillPoly(picture, [polygon], rng.uniform((30, 38, 24), (62, 70, 46)).tolist())


def _asphalt(rng: np.random.Generator, picture: Pixels, horizon: int) -> None:
    """A straight road to the vanishing point, with edge lines and a broken centre line, in place."""
    height, width = picture.shape[:2]
    vanishing = width * rng.uniform(0.42, 0.58)
    grey = float(rng.uniform(78, 112))
    half = width * rng.uniform(0.55, 0.75)

    def strip(left: float, right: float, near: float, far: float, colour: float) -> None:
        """The part of the road between two lanes (-1 to 1) and two depths (1 at the camera, 0 at the horizon)."""
        corners = [
            (vanishing + (lane * half + width / 2 - vanishing) * depth, horizon + (height - horizon) * depth)
            for lane, depth in ((left, near), (right, near), (right, far), (left, far))
        ]
        points = np.round(np.array(corners) * 16).astype(np.int32)
        cv2.fillPoly(picture, [points], (colour, colour, colour + 3), cv2.LINE_AA, 4)

    strip(-1, 1, 1, 0, grey)
    for lane in (-0.93, 0.9):
        strip(lane, lane + 0.03, 1, 0.02, 205)
    for metres in range(3, 90, 9):  # a dash of 4.5 m every 9 m; depth goes with 1 / distance
        strip(-0.015, 0.015, 3 / metres, 3 / (metres + 4.5), 205)


def landscape(rng: np.random.Generator, height: int, width: int) -> tuple[Pixels, int]:
    """Paint the empty road.

    Returns:
        uint8 [height, width, 3] RGB and the horizon's row.
    """
    horizon = int(height * rng.uniform(0.5, 0.62))
    picture = np.vstack((_sky(rng, horizon, width), _grass(rng, height - horizon, width)))
    _trees(rng, picture, horizon)
    _asphalt(rng, picture, horizon)
    _grain(rng, picture[horizon:])
    return picture, horizon


def post(picture: Pixels, box: tuple[int, int, int, int], horizon: int) -> None:
    """A galvanised post from behind a sign's box down to the ground, lit from the left, in place."""
    x1, y1, x2, y2 = box
    side = y2 - y1
    thickness = max(2, side // 10)
    left, top, foot = (x1 + x2 - thickness) // 2, y1 + side // 4, max(horizon + 2 * side, y2 + 2 * side)
    cv2.rectangle(picture, (left, top), (left + thickness, foot), (126, 128, 130), cv2.FILLED)
    cv2.rectangle(picture, (left + thickness * 2 // 3, top), (left + thickness, foot), (84, 86, 90), cv2.FILLED)
