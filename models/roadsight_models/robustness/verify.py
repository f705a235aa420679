"""Whether an attack's pictures are what it was to find: trusts nobody.

    clean uint8, pixels of an attack --verify--> Outcome: in the ball, through the served session, after rounding

What a client would send is uint8, so that is what counts. Rounding may carry a picture out of the ball; then it goes
as far toward the clean one as it must.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from roadsight_models.frame import Pixels
from roadsight_models.robustness.criterion import Criterion, Flags, Logits
from roadsight_models.robustness.threat import Floats, ThreatModel, l0, l2, linf
from roadsight_models.robustness.victim import Victim, to_floats, to_pixels

HALVINGS = 8  # of the way back into the ball: then it is known to 1/256

Distances = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is true of N pictures."""

    frames: Pixels  # uint8 [N, h, w, 3]: what was judged
    logits: Logits  # [N, K], of the served session
    reached: Flags  # [N]: the criterion is met, and the picture is in the ball
    linf: Distances  # [N], from the clean picture, of `frames`
    l2: Distances
    l0: Distances
    strayed: Flags  # [N]: the attack's own picture was outside of the ball or of [0, 1], by more than float32 rounds


def verify(
    victim: Victim,
    clean: Pixels,
    pixels: Floats,
    criterion: Criterion,
    threat: ThreatModel | None,
    jpeg_quality: int | None = None,
) -> Outcome:
    """Rounds, measures, and asks the served session.

    Args:
        victim: what was attacked.
        clean: uint8 [N, h, w, 3].
        pixels: what the attack gave, float32 [N, h, w, 3].
        criterion: what was wanted.
        threat: how far they may be; None where no ball is meant: then any picture will do.
        jpeg_quality: they pass through a JPEG file of this quality on their way, after distances were measured.
    """
    around = to_floats(clean)
    sane = np.where(np.isfinite(pixels), pixels, around)  # whatever it is, it is no picture
    inside = sane.clip(0, 1)
    strayed = (sane != pixels).any((1, 2, 3)) | (np.abs(inside - sane).max((1, 2, 3)) > _SLACK)
    frames = to_pixels(inside)
    if threat is not None:
        strayed |= ~threat.allows(sane, around)
        frames = round_within(threat, threat.project(inside, around), around)
    seen = frames if jpeg_quality is None else np.stack([_through_jpeg(frame, jpeg_quality) for frame in frames])
    logits, delta = victim.answers(seen), to_floats(frames) - around
    return Outcome(frames, logits, criterion.reached(logits), linf(delta), l2(delta), l0(delta), strayed)


_SLACK = 1e-6


def round_within(threat: ThreatModel, pixels: Floats, around: Floats) -> Pixels:
    """Rounds into the ball: where the nearest uint8 is outside, as far along the way to `pixels` as one can go.

    Args:
        threat: the ball.
        pixels: float32 [N, h, w, 3] in [0, 1].
        around: float32 [N, h, w, 3], the clean ones.
    """
    frames = to_pixels(pixels)
    out = np.flatnonzero(~threat.allows(to_floats(frames), around))
    if not len(out):
        return frames
    pixels, around = pixels[out], around[out]
    low, high, inner = np.zeros(len(out)), np.ones(len(out)), to_pixels(around)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        tried = to_pixels(around + middle.astype(np.float32)[:, None, None, None] * (pixels - around))
        allowed = threat.allows(to_floats(tried), around)
        low, high = np.where(allowed, middle, low), np.where(allowed, high, middle)
        inner[allowed] = tried[allowed]
    frames[out] = inner
    return frames


def _through_jpeg(frame: Pixels, quality: int) -> Pixels:
    _, data = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8)
