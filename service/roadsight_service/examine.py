"""What is done with a frame, by whichever lane, in whichever process.

body, regions --prepare--> crops for each session --inference--> outputs --judged--> Seen
              BadImage, TooLarge, BadRegion
crops of a client --unpack--> crops for a session --inference--> outputs

With `squeezed` what squeezing leaves of the crops goes with them, in the same share.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from roadsight_models.frame import admit, decode
from roadsight_models.judgement import Judgement
from roadsight_models.preprocess import Crops, cut, reduction
from roadsight_models.probabilities import judge, unknown
from roadsight_models.raw_layout import Layout
from roadsight_models.regions import Region, whole, within
from roadsight_models.robustness.squeezing import Suspicions, suspicions, versions
from roadsight_service.look import look
from roadsight_service.metrics import Clock
from roadsight_service.room import Seen
from roadsight_service.served import Model
from roadsight_service.work import Done, Prepared

KINDS = ("jpeg", "png", "webp")
ALL = slice(None)


def prepare(
    body: bytes,
    regions: tuple[Region, ...],
    sessions: Sequence[Model],
    max_pixels: int,
    clock: Clock,
    squeezed: bool = False,
    part: slice = ALL,
    layout: Layout | None = None,
    kinds: tuple[str, ...] = KINDS,
) -> Prepared:
    """One decode for all regions and all models; the whole frame if there are no regions.

    With `squeezed` the pixels of all crops are followed by what squeezing leaves of them. Only a `part` of the regions
    is cut, though all are checked. `kinds` are those of files that are read; with a `layout` the body is a raw frame.

    Raises:
        BadImage, TooLarge, BadRegion: see `Room.look`.
    """
    with clock.stage("decode"):
        header = admit(body, max_pixels, kinds, layout)
        regions = within(regions or (whole(header.width, header.height),), header.width, header.height)[part]
        rules = [session.manifest.input for session in sessions]
        frame = decode(body, header, reduction(header, regions, rules))
        quality = look(frame)
    with clock.stage("preprocess"):
        crops = tuple((session, cut(frame, regions, session.manifest.input)) for session in sessions)
        if squeezed:
            crops = tuple((session, replace(cuts, pixels=versions(cuts.pixels))) for session, cuts in crops)
    return Prepared(frame.width, frame.height, regions, crops, quality)


def unpack(crops: bytes, session: Model, clock: Clock) -> Prepared:
    """Crops that a client cut itself, uint8 [N, h, w, 3] of the size that the manifest says."""
    with clock.stage("preprocess"):
        rule = session.manifest.input
        pixels = np.frombuffer(crops, np.uint8).reshape(-1, rule.height, rule.width, 3)
        return Prepared(0, 0, (), ((session, Crops(pixels, (None,) * len(pixels))),), None)


def judged(done: Done, top: int, squeezed: bool) -> Seen:
    """Says of each region what its outputs mean; `top` classes of it, all if 0."""
    columns = []
    for (session, crops), outputs in zip(done.prepared.crops, done.outputs, strict=True):
        manifest = session.manifest
        column = judge(outputs.logits[: crops.reasons.count(None)], manifest, top)
        if squeezed:
            column = _suspected(column, suspicions(outputs.logits, manifest.temperature))
        each = iter(column)
        columns.append([unknown(why) if why else next(each) for why in crops.reasons])
    prepared = done.prepared
    assert prepared.quality is not None, "it comes from `prepare`"
    rows = tuple(zip(*columns, strict=True))
    return Seen(prepared.width, prepared.height, prepared.regions, rows, prepared.quality)


def _suspected(column: tuple[Judgement, ...], found: Suspicions) -> tuple[Judgement, ...]:
    pairs = zip(column, found.tolist(), strict=True)
    return tuple(one if one.status == "unknown" else replace(one, suspicion=score) for one, score in pairs)
