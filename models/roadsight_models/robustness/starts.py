"""Where an attack that sees decisions alone may begin: pictures that meet the criterion, however far they are.

    clean, Criterion --from the others--> the nearest other picture that does
                     --from noise--> a blend with random patches that does

So what is found for a picture depends on its company; a target is rarely reached but through it.
"""

import numpy as np

from roadsight_models.robustness.criterion import Criterion, Flags
from roadsight_models.robustness.threat import Floats, l2
from roadsight_models.robustness.victim import Victim


def find_starts(
    victim: Victim, clean: Floats, criterion: Criterion, tries: int, rng: np.random.Generator
) -> tuple[Floats, Flags]:
    """Looks for a start for each picture.

    Args:
        victim: what is asked; it is asked for decisions alone.
        clean: float32 [N, h, w, 3] in [0, 1], none of which meets its criterion.
        criterion: what is wanted of them.
        tries: blends that are asked about for a picture that no other picture serves.
        rng: draws the patches.

    Returns:
        float32 [N, h, w, 3], and bool [N]: for which of them a start was found. Others stay clean.
    """
    starts, found = clean.copy(), np.zeros(len(clean), bool)
    said = victim.logits(clean)
    for i in range(len(clean)):
        there = np.flatnonzero(criterion.part(np.full(len(clean), i)).reached(said))
        if len(there):
            starts[i], found[i] = clean[there[l2(clean[there] - clean[i]).argmin()]], True
    for _ in range(tries):
        rows = np.flatnonzero(~found)
        if not len(rows):
            break
        tried = np.stack([_blended(clean[i], rng) for i in rows])
        reached = criterion.part(rows).reached(victim.logits(tried))
        starts[rows[reached]], found[rows[reached]] = tried[reached], True
    return starts, found


def _blended(clean: Floats, rng: np.random.Generator) -> Floats:
    """A blend of any strength with random colours in patches of any size: fine noise is often of one class alone."""
    height, width, _ = clean.shape
    cells = 2 ** int(rng.integers(0, int(np.log2(max(height, width))) + 1))  # along each side
    patches = rng.uniform(size=(cells, cells, 3)).astype(np.float32)
    rows, columns = np.arange(height) * cells // height, np.arange(width) * cells // width
    return np.asarray(clean + np.float32(rng.uniform()) * (patches[rows][:, columns] - clean))
