import cv2
import numpy as np
import pytest

from pictures import RED, noise, striped, whole_frame
from roadsight_models.frame import Frame, Pixels
from roadsight_service.look import look
from roadsight_service.quality import Quality


def of(pixels: Pixels) -> Quality:
    return look(whole_frame(pixels))


def blurred(pixels: Pixels, sigma: float) -> Pixels:
    return cv2.GaussianBlur(pixels, (0, 0), sigma).astype(np.uint8)


def grey(level: int) -> Pixels:
    return np.full((720, 1280, 3), level, np.uint8)


def test_night_is_dark_and_a_lamp_is_bright() -> None:
    assert of(grey(0)).brightness == 0
    assert of(grey(255)).brightness == 1
    assert of(grey(51)).brightness == pytest.approx(0.2)


def test_a_picture_without_colours_has_no_saturation() -> None:
    assert of(grey(128)).saturation == 0
    assert of(striped(RED, width=640)).saturation == 1


def test_the_more_blurred_the_less_sharp() -> None:
    picture = blurred(noise(1280, 720), 1)
    found = [of(blurred(picture, sigma)).sharpness for sigma in (1, 3, 9)]
    assert of(picture).sharpness > found[0] > found[1] > found[2] > 0
    assert of(grey(128)).sharpness == 0


def test_a_little_noise_is_another_picture_and_the_same_is_the_same() -> None:
    picture = noise(1280, 720)
    noisy = picture ^ np.random.default_rng(1).integers(0, 2, picture.shape, np.uint8)
    assert of(picture).fingerprint == of(picture.copy()).fingerprint != of(noisy).fingerprint


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 2), (2, 1), (3, 5000), (5000, 3)])
def test_pictures_of_any_shape_are_looked_at(height: int, width: int) -> None:
    assert of(noise(width, height)).brightness > 0


def test_it_says_how_small_the_frame_was_decoded() -> None:
    assert look(Frame(grey(1)[::4, ::4], 1280, 720, reduction=4)).reduction == 4
