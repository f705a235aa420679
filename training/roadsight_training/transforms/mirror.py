"""Which label the mirror image of a picture has.

labels + pairs of the recipe --partners--> int64 [K]: the label to take when a picture is flipped, or NEVER
                             BadRecipe

A mirrored 'keep right' is 'keep left'; a mirrored speed limit is no sign at all, and is never made.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from roadsight_training.errors import BadRecipe

NEVER = -1

Indices = npt.NDArray[np.int64]

# Signs that are their own mirror image. Not among them: digits and letters (speed limits, stop), figures that face one
# way (pedestrians, animals, trucks, road works), slanted stripes (all `end_of_`), a turning sense (roundabout), and
# sides without a counterpart here (double curve, road narrows).
SYMMETRIC_SIGNS = (
    "right_of_way_at_next_intersection",
    "priority_road",
    "yield",
    "no_vehicles",
    "no_entry",
    "general_caution",
    "bumpy_road",
    "traffic_signals",
    "beware_of_ice_or_snow",
    "ahead_only",
)
SIDES = (
    ("dangerous_curve_left", "dangerous_curve_right"),
    ("turn_left_ahead", "turn_right_ahead"),
    ("go_straight_or_left", "go_straight_or_right"),
    ("keep_left", "keep_right"),
)
OBJECTS = ("car", "truck", "bus", "motorcycle", "pedestrian", "cyclist", "traffic_light", "background")
MIRROR = {
    **{label: label for label in SYMMETRIC_SIGNS + OBJECTS},
    **dict(SIDES),
    **{right: left for left, right in SIDES},
}


def partners(labels: Sequence[str], pairs: Mapping[str, str]) -> Indices:
    """For each label the index of its mirror image, or NEVER where a mirrored one is none of the labels.

    Args:
        labels: index == logit column.
        pairs: the recipe's own, mutual; what is known of a label that they name is forgotten.

    Returns:
        int64 [K].

    Raises:
        BadRecipe: a pair names a label that is none; says which.
    """
    for label in pairs:
        if label not in labels:
            raise BadRecipe("augment.mirror", f"unknown label {label!r}; known: {', '.join(labels)}")
    kept = {label: image for label, image in MIRROR.items() if not {label, image} & pairs.keys()}
    index = {label: place for place, label in enumerate(labels)}
    images = (kept.get(label) or pairs.get(label) for label in labels)
    return np.array([NEVER if image is None else index.get(image, NEVER) for image in images], np.int64)
