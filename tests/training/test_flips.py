import numpy as np
import pytest
import torch

from roadsight_models.regions import Box
from roadsight_training.datasets import gtsrb
from roadsight_training.datasets.pictures import Picture
from roadsight_training.errors import BadRecipe
from roadsight_training.recipe import Augment
from roadsight_training.transforms import Augmentation
from roadsight_training.transforms.mirror import MIRROR, NEVER, partners
from training.test_transforms import RULE, STILL

ALWAYS = STILL.model_copy(update={"flip": 1.0})


def half_white(index: int) -> Picture:
    pixels = np.zeros((32, 48, 3), np.uint8)
    pixels[:, :24] = 255
    return Picture(pixels, Box(0, 0, 48, 32), index)


def shown(label: str, labels: tuple[str, ...], options: Augment = ALWAYS) -> tuple[bool, str]:
    """Whether a picture of this label comes out mirrored, and the label that it then has."""
    frames, targets = Augmentation(options, RULE, labels)([half_white(labels.index(label))], np.random.default_rng(0))
    left, right = (float(half.float().mean()) for half in torch.split(frames[0], 24, dim=1))
    assert {round(left), round(right)} == {0, 255}
    return right > left, labels[int(targets[0].argmax())]


@pytest.mark.parametrize(
    ("label", "image"),
    [
        ("keep_right", "keep_left"),
        ("keep_left", "keep_right"),
        ("turn_right_ahead", "turn_left_ahead"),
        ("go_straight_or_left", "go_straight_or_right"),
        ("dangerous_curve_left", "dangerous_curve_right"),
        ("priority_road", "priority_road"),
        ("ahead_only", "ahead_only"),
    ],
)
def test_a_mirrored_sign_gets_the_label_of_what_it_then_shows(label: str, image: str) -> None:
    assert shown(label, gtsrb.LABELS) == (True, image)


@pytest.mark.parametrize(
    "label",
    [label for label in gtsrb.LABELS if "limit" in label or "passing" in label or label.startswith("end_of")]
    + ["stop", "no_trucks", "double_curve", "slippery_road", "road_narrows_on_right", "road_work", "pedestrians"]
    + ["children_crossing", "bicycles_crossing", "wild_animals_crossing", "roundabout_mandatory"],
)
def test_a_sign_whose_mirror_image_is_no_sign_is_never_mirrored(label: str) -> None:
    assert shown(label, gtsrb.LABELS) == (False, label)


def test_every_known_mirror_image_is_mutual() -> None:
    assert all(MIRROR[image] == label for label, image in MIRROR.items())


def test_the_known_signs_are_signs_of_the_benchmark() -> None:
    objects = {"car", "truck", "bus", "motorcycle", "pedestrian", "cyclist", "traffic_light", "background"}
    assert MIRROR.keys() - objects <= set(gtsrb.LABELS)
    assert all(MIRROR[label] == label for label in objects)


def test_a_sign_whose_mirror_image_is_not_learnt_is_not_mirrored() -> None:
    assert shown("keep_right", ("keep_right", "yield")) == (False, "keep_right")


def test_pictures_are_mirrored_as_often_as_asked() -> None:
    options = STILL.model_copy(update={"flip": 0.3})
    _, targets = Augmentation(options, RULE, ("keep_left", "keep_right"))(
        [half_white(0)] * 600, np.random.default_rng(0)
    )
    assert 0.24 < float(targets[:, 1].mean()) < 0.36


def test_a_recipe_names_mirror_images_of_its_own_labels() -> None:
    options = Augment.model_validate(
        ALWAYS.model_dump() | {"mirror": {"pass_left": "pass_right", "bollard": "bollard"}}
    )
    labels = ("pass_left", "pass_right", "bollard", "clock")
    assert [shown(label, labels, options) for label in labels] == [
        (True, "pass_right"),
        (True, "pass_left"),
        (True, "bollard"),
        (False, "clock"),
    ]


def test_a_recipe_knows_better_than_the_table() -> None:
    labels = ("keep_left", "keep_right", "keep_right_old")
    pairs = Augment(flip=1, mirror={"keep_left": "keep_right_old"}).mirror
    assert partners(labels, pairs).tolist() == [2, NEVER, 0]


@pytest.mark.parametrize("mirror", [{"a": "b", "b": "c"}, {"a": "b", "c": "b"}, {"a": "b", "b": "b"}])
def test_two_mirror_images_of_one_label_are_refused(mirror: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="' are not each other's mirror image: one has another"):
        Augment(flip=1, mirror=mirror)


def test_a_mirror_image_that_is_no_label_is_named() -> None:
    options = Augment(flip=1, mirror={"keep_lefd": "keep_right"})
    with pytest.raises(BadRecipe, match=r"^augment\.mirror: unknown label 'keep_lefd'; known: keep_left, keep_right$"):
        Augmentation(options, RULE, ("keep_left", "keep_right"))


def test_flips_that_could_never_happen_are_refused() -> None:
    with pytest.raises(BadRecipe, match=r"^augment\.flip: no label has a mirror image"):
        Augmentation(ALWAYS, RULE, ("stop", "speed_limit_30"))
