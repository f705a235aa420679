from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torchvision.transforms import v2  # type: ignore[import-untyped]

from roadsight_models.regions import Box
from roadsight_training.datasets.pictures import Picture
from roadsight_training.recipe import Augment
from roadsight_training.transforms import Augmentation
from roadsight_training.transforms.camera import Blur, Jitter, Occlusion, reduce, smear, smear_kernel, turn_hue
from training.test_transforms import RULE, STILL
from training.tiny import shape

CROPS = torch.rand(3, 3, 20, 30, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Jitter(0.5, 0.5, 0.5, 0.3), v2.ColorJitter(0.5, 0.5, 0.5, 0.3)),
        (Jitter(0.5, 0, 0.5, 0), v2.ColorJitter(0.5, 0, 0.5, 0)),
        (Blur(5, (0.3, 1.6)), v2.GaussianBlur(5, (0.3, 1.6))),
    ],
)
def test_what_is_quicker_is_otherwise_what_torchvision_does(
    ours: Callable[[Tensor], Tensor], theirs: Callable[[Tensor], Tensor]
) -> None:
    for seed in range(20):
        torch.manual_seed(seed)
        got = ours(CROPS)
        torch.manual_seed(seed)
        torch.testing.assert_close(got, theirs(CROPS), atol=2e-5, rtol=0)


@given(st.floats(-0.5, 0.5))
def test_hue_turns_as_far_as_torchvision_turns_it(turns: float) -> None:
    torch.testing.assert_close(turn_hue(CROPS, turns), v2.functional.adjust_hue(CROPS, turns), atol=2e-5, rtol=0)


def test_what_is_transformed_is_not_changed_itself() -> None:
    before = CROPS.clone()
    for transform in (Jitter(0.5, 0.5, 0.5, 0.3), Blur(5, (0.3, 1.6)), Occlusion(1.0)):
        transform(CROPS)
    assert torch.equal(CROPS, before)


def test_an_occlusion_covers_one_rectangle_with_noise_a_grey_or_the_mean() -> None:
    kinds = set()
    for seed in range(30):
        torch.manual_seed(seed)
        covered = Occlusion(1.0, (0.02, 0.2))(CROPS)
        rows, columns = np.nonzero((covered != CROPS)[0].any(dim=0).numpy())
        height, width = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
        assert len(rows) == height * width
        assert 0.01 <= len(rows) / (20 * 30) <= 0.25
        inside = covered[0, :, rows[0], columns[0]], covered[0, :, rows[-1], columns[-1]]
        if not torch.equal(*inside):
            kinds.add("noise")
        else:
            mean = torch.allclose(inside[0], CROPS[0].mean(dim=(1, 2)))
            assert mean or len(set(inside[0].tolist())) == 1
            kinds.add("mean" if mean else "grey")
    assert kinds == {"noise", "grey", "mean"}


def test_a_crop_that_no_rectangle_fits_stays_as_it_is() -> None:
    line = torch.rand(1, 3, 1, 100)
    assert torch.equal(Occlusion(1.0, (0.02, 0.2))(line), line)


def test_jpeg_leaves_marks_but_the_same_picture() -> None:
    pictures = [Picture(shape(index, index), Box(3, 3, 21, 21), 0) for index in range(8)]
    clean, _ = Augmentation(STILL, RULE, ("a",))(pictures, np.random.default_rng(0))
    options = STILL.model_copy(update={"jpeg": 1.0})
    packed, _ = Augmentation(options, RULE, ("a",))(pictures, np.random.default_rng(0))
    differences = (packed.float() - clean.float()).abs().mean(dim=(1, 2, 3))
    assert differences.min() > 0.5
    assert differences.max() < 20


def test_noise_stays_in_range_and_is_not_flipped_over() -> None:
    white = Picture(np.full((24, 24, 3), 255, np.uint8), Box(0, 0, 24, 24), 0)
    options = STILL.model_copy(update={"noise": 1.0})
    noisy, _ = Augmentation(options, RULE, ("a",))([white] * 8, np.random.default_rng(0))
    assert 100 < int(noisy.min()) < 255


def test_a_reduced_crop_has_lost_its_detail_and_kept_its_light() -> None:
    pixels = np.tile(np.array([0, 255], np.uint8), (64, 32))[..., None].repeat(3, axis=2)
    reduce(pixels, (14, 40), np.random.default_rng(0))
    assert np.ptp(pixels.astype(int)) < 200
    assert pixels.mean() == pytest.approx(127.5, abs=3)


def test_a_smeared_crop_is_blurred_in_place() -> None:
    pixels = shape(0)
    before = pixels.copy()
    smear(pixels, np.random.default_rng(0))
    assert (pixels != before).any()
    assert pixels.mean() == pytest.approx(before.mean(), rel=0.1)


@given(st.integers(0, 10_000))
def test_a_smear_keeps_the_light(seed: int) -> None:
    kernel = smear_kernel(np.random.default_rng(seed))
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert 3 <= np.count_nonzero(kernel) <= 12


def test_options_beyond_their_bounds_are_refused() -> None:
    for wrong in ({"jpeg": 1.1}, {"occlusion": -0.1}, {"mixup": -1}, {"flip": 2}, {"zoom": 1.5}, {"translate": 0.6}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Augment.model_validate(wrong)
