import numpy as np
import pytest
import torch

from roadsight_models.manifest import CropRule
from roadsight_models.preprocess import crop
from roadsight_models.regions import Box
from roadsight_training.datasets.pictures import Picture
from roadsight_training.recipe import Augment
from roadsight_training.transforms import Augmentation
from training.tiny import shape

RULE = CropRule(width=48, height=32, context=0.0, resize="area_or_linear", min_side=8)
STILL = Augment(
    margin=(0, 0), rotate_degrees=0, shear_degrees=0, perspective=0, small=0, motion_blur=0,
    brightness=0, contrast=0, saturation=0, hue=0, blur=0, noise=0,
)  # fmt: skip
EVERYTHING = Augment(
    translate=0.2, zoom=0.5, flip=0.5, small=0.5, motion_blur=0.5, occlusion=0.5, blur=0.5, noise=0.5, jpeg=0.5, mixup=1
)
LABELS = ("car", "truck", "stop")
PICTURES = [Picture(shape(index, index), Box(3, 3, 21, 21), index % 3) for index in range(7)]


@pytest.mark.parametrize("options", [Augment(), EVERYTHING, STILL])
def test_a_batch_is_frames_and_shares_of_the_labels(options: Augment) -> None:
    frames, targets = Augmentation(options, RULE, LABELS)(PICTURES, np.random.default_rng(0))
    assert (frames.shape, frames.dtype, frames.is_contiguous()) == ((7, 32, 48, 3), torch.uint8, True)
    assert (targets.shape, targets.dtype) == ((7, 3), torch.float32)
    assert targets.sum(dim=1).tolist() == pytest.approx([1] * 7)


def test_without_mixup_each_picture_has_its_own_label() -> None:
    _, targets = Augmentation(Augment(), RULE, LABELS)(PICTURES, np.random.default_rng(0))
    assert targets.tolist() == torch.eye(3)[[picture.index for picture in PICTURES]].tolist()


def test_with_everything_off_training_sees_what_the_crop_rule_cuts() -> None:
    frames, _ = Augmentation(STILL, RULE, LABELS)(PICTURES, np.random.default_rng(0))
    for got, picture in zip(frames.numpy(), PICTURES, strict=True):
        # At the sides the warp still sees beyond the box, and it works in 1/32 of a pixel.
        difference = np.abs(got.astype(int) - crop(picture.pixels, picture.box, RULE))[2:-2, 2:-2]
        assert difference.mean() < 2
        assert np.quantile(difference, 0.99) <= 16


@pytest.mark.parametrize("options", [Augment(), EVERYTHING])
def test_the_generators_alone_decide(options: Augment) -> None:
    augmentation = Augmentation(options, RULE, LABELS)

    def drawn(seed: int, torch_seed: int) -> list[torch.Tensor]:
        torch.manual_seed(torch_seed)
        return list(augmentation(PICTURES, np.random.default_rng(seed)))

    first, again = drawn(1, 1), drawn(1, 1)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], drawn(2, 1)[0])
    assert not torch.equal(first[0], drawn(1, 2)[0])


def test_mixed_pictures_are_labelled_by_what_shows_of_each() -> None:
    black, white = (Picture(np.full((24, 24, 3), 255 * index, np.uint8), Box(0, 0, 24, 24), index) for index in (0, 1))
    options = STILL.model_copy(update={"mixup": 1.0})
    torch.manual_seed(0)
    frames, targets = Augmentation(options, RULE, LABELS)([black, white], np.random.default_rng(0))
    assert 0.05 < float(targets[0, 1]) < 0.95
    assert frames.float().mean(dim=(1, 2, 3)).tolist() == pytest.approx((targets[:, 1] * 255).tolist(), abs=0.5)
