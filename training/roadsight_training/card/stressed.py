"""What a model card says of careless boxes, few pixels, codecs, weather and sensors.

Stressed --changed, corrupted--> Markdown
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from roadsight_models.robustness.corruptions import CORRUPTIONS, SEVERITIES
from roadsight_training.card.tables import table
from roadsight_training.judging.stress import STRESSES, Stressed
from roadsight_training.recipe import Augment

# Augmentations that show the network something like these corruptions, though not by this code, nor so strong.
LIKE = {
    "noise": ("gaussian_noise", "shot_noise", "impulse_noise"),
    "blur": ("defocus_blur", "glass_blur"),
    "motion_blur": ("motion_blur",),
    "brightness": ("brightness", "low_light"),
    "contrast": ("contrast",),
    "small": ("pixelate",),
    "jpeg": ("jpeg_compression",),
}


def changed(found: Mapping[str, Sequence[Stressed]]) -> str:
    """Boxes, pixels and JPEG, a line each level; by split."""
    rows = []
    for split, some in found.items():
        for one in some:
            if one.name in STRESSES:
                level = f"{one.level:g} {one.unit}"
                shares = f"{one.top1.value:.2%}", f"{one.undisturbed.value:.2%}"
                rows.append((split, one.name, level, *shares, one.top1.n))
    return table(("split", "change", "level", "top-1", "same pictures unchanged", "images"), rows)


def corrupted(found: Iterable[Stressed], augment: Augment) -> str:
    """Corruptions, a line each, and their mean over the severities."""
    top1: dict[str, dict[float, float]] = {}
    for one in found:
        if one.name in CORRUPTIONS:
            top1.setdefault(one.name, {})[one.level] = one.top1.value
    known = {name for option, names in LIKE.items() if getattr(augment, option) for name in names}
    rows = [
        (
            name,
            *(f"{levels[severity]:.1%}" for severity in SEVERITIES),
            f"{np.mean(list(levels.values())):.1%}",
            "yes" if name in known else "",
        )
        for name, levels in top1.items()
    ]
    return table(("corruption", *map(str, SEVERITIES), "mean", "alike in training"), rows)


def mean_top1(found: Iterable[Stressed]) -> float:
    """Mean over ImageNet-C's corruptions and severities."""
    known = (one for one in found if one.name in CORRUPTIONS)
    return float(np.mean([one.top1.value for one in known if CORRUPTIONS[one.name].imagenet_c]))
