"""The attacks that a name stands for, also for the one that the service does not have.

name, steps, restarts --named--> Attacks of the catalogue
                      BadParameter
Attacker --own_pictures--> uint8 [M, h, w, 3] --named--> Substitute
         BadDataset                           BadParameter
"""

from pathlib import Path
from typing import NamedTuple

from roadsight_models.errors import BadParameter
from roadsight_models.frame import Pixels
from roadsight_models.manifest import Manifest
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.catalogue import make
from roadsight_training.datasets import open_dataset
from roadsight_training.errors import BadDataset
from roadsight_training.judging.parts import samples_of
from roadsight_training.judging.stress import some
from roadsight_training.loading import crop_all
from roadsight_training.substitute import Substitute

OWN_SPLIT = "train"
OWN = 1000  # pictures


class Attacker(NamedTuple):
    """Who attacks: what he has, and what he is after."""

    manifest: Manifest
    data: Path
    split: str  # that is attacked
    own: int | None  # pictures that he has, at most; OWN if None
    seed: int


def named(name: str, steps: int | None, restarts: int | None, attacker: Attacker) -> tuple[Attack, ...]:
    """Makes them.

    Args:
        name: of the catalogue, or `substitute`.
        steps: see `make`.
        restarts: see `make`.
        attacker: for `substitute`; nothing is read for another.

    Raises:
        BadParameter: no such attack, or it has no steps, restarts or own pictures to choose.
        BadDataset: see `own_pictures`.
    """
    if name != Substitute.name:
        if attacker.own is not None:
            raise BadParameter("own", f"{name} has no pictures of its own")
        return make(name, steps, restarts)
    if restarts is not None:
        raise BadParameter("restarts", f"{name} has none to choose")
    pictures = own_pictures(attacker)
    if steps is None:
        return (Substitute(pictures, seed=attacker.seed),)
    return (Substitute(pictures, steps=steps, seed=attacker.seed),)


def own_pictures(attacker: Attacker) -> Pixels:
    """Takes pictures of the training split: like those that are attacked, and of no track that is.

    The bundle has probably learnt from them, so they tell an attacker more than pictures from elsewhere would.

    Raises:
        BadDataset: there are none besides what is attacked, or they can't be decoded.
    """
    manifest, split = attacker.manifest, attacker.split
    dataset = open_dataset(attacker.data).known_as(manifest.labels)
    attacked, _ = samples_of(manifest, dataset, split)
    tracks = {sample.group for sample in attacked if sample.split == OWN_SPLIT}
    left = [sample for sample in dataset.select(OWN_SPLIT) if sample.group not in tracks]
    if not left:
        raise BadDataset(dataset.folder, f"{split!r} is all of {OWN_SPLIT!r}: no pictures are left for the attacker")
    return crop_all(some(dataset, left, attacker.own or OWN, manifest.input), manifest.input)
