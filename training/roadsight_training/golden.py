"""The self-test of a bundle: drawn signs, and what torch says of them.

scene.draw --crop--> uint8 [N, h, w, 3] --network--> Golden --npz--> golden.npz
"""

import io

import numpy as np

from roadsight_models import preprocess, scene
from roadsight_models.frame import Pixels
from roadsight_models.golden import Golden
from roadsight_models.manifest import CropRule
from roadsight_models.regions import Box
from roadsight_training.graph import torch_logits
from roadsight_training.networks import Network

SCENES = 10
SIGNS = 2  # a scene
WIDTH, HEIGHT = 640, 360


def golden(network: Network, rule: CropRule) -> Golden:
    """Asks the network about the drawn signs: `frames` uint8 [20, h, w, 3] and `logits` float32 [20, K]."""
    frames = drawn_crops(rule)
    return Golden(frames, torch_logits(network, frames))


def golden_file(network: Network, rule: CropRule) -> bytes:
    """Makes golden.npz."""
    known, file = golden(network, rule), io.BytesIO()
    np.savez_compressed(file, frames=known.frames, logits=known.logits)
    return file.getvalue()


def drawn_crops(rule: CropRule) -> Pixels:
    """Cuts the signs of drawn scenes by the crop rule: uint8 [20, h, w, 3], always the same."""
    crops = []
    for seed in range(SCENES):
        drawn = scene.draw(seed=seed, width=WIDTH, height=HEIGHT, signs=SIGNS)
        crops += [preprocess.crop(drawn.pixels, Box(*sign.box), rule) for sign in drawn.signs]
    return np.stack(crops)
