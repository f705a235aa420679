import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from roadsight_models.manifest import CropRule
from roadsight_models.preprocess import crop
from roadsight_models.regions import Box
from roadsight_training.datasets.pictures import Picture
from roadsight_training.recipe import Augment
from roadsight_training.transforms import Augmentation, smear, source_corners
from training.tiny import shape

RULE = CropRule(width=48, height=32, context=0.0, resize="area_or_linear", min_side=8)
STILL = Augment(
    margin=(0, 0), rotate_degrees=0, shear_degrees=0, perspective=0, small=0, motion_blur=0,
    brightness=0, contrast=0, saturation=0, hue=0, blur=0, noise=0,
)  # fmt: skip
PICTURES = [Picture(shape(index, index), Box(3, 3, 21, 21), index) for index in range(7)]


@pytest.mark.parametrize("options", [Augment(), Augment(small=1, motion_blur=1, blur=1, noise=1), STILL])
def test_a_batch_keeps_shape_dtype_and_order(options: Augment) -> None:
    batch = Augmentation(options, RULE)(PICTURES, np.random.default_rng(0))
    assert batch.shape == (7, 32, 48, 3)
    assert batch.dtype == torch.uint8
    assert batch.is_contiguous()


def test_with_everything_off_training_sees_what_the_crop_rule_cuts() -> None:
    batch = Augmentation(STILL, RULE)(PICTURES, np.random.default_rng(0)).numpy()
    for got, picture in zip(batch, PICTURES, strict=True):
        # At the sides the warp still sees beyond the box, and it works in 1/32 of a pixel.
        difference = np.abs(got.astype(int) - crop(picture.pixels, picture.box, RULE))[2:-2, 2:-2]
        assert difference.mean() < 2
        assert np.quantile(difference, 0.99) <= 16


def test_the_generators_alone_decide() -> None:
    augmentation = Augmentation(Augment(), RULE)

    def drawn(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return augmentation(PICTURES, np.random.default_rng(seed))

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))


def test_noise_stays_in_range_and_is_not_flipped_over() -> None:
    white = Picture(np.full((24, 24, 3), 255, np.uint8), Box(0, 0, 24, 24), 0)
    noisy = Augmentation(STILL.model_copy(update={"noise": 1.0}), RULE)([white] * 8, np.random.default_rng(0))
    assert int(noisy.min()) > 100


@given(st.integers(0, 10_000))
def test_margins_are_clipped_at_the_picture(seed: int) -> None:
    options = STILL.model_copy(update={"margin": (-0.08, 1.0)})
    corners = source_corners(PICTURES[0], options, np.random.default_rng(seed))
    assert corners.shape == (4, 2)
    assert corners.min() >= -0.5
    assert corners.max() <= 23.5


@given(st.integers(0, 10_000))
def test_a_smear_keeps_the_light(seed: int) -> None:
    kernel = smear(np.random.default_rng(seed))
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert 3 <= np.count_nonzero(kernel) <= 12
