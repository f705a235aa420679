"""The self-test that travels with a bundle: a session that does not reproduce it is not ready.

golden.npz --read_golden--> Golden
BadBundle
"""

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from roadsight_models.errors import BadBundle


@dataclass(frozen=True)
class Golden:
    """Drawn inputs and the logits that the training framework gave for them."""

    frames: npt.NDArray[np.uint8]  # [N, h, w, 3] RGB
    logits: npt.NDArray[np.float32]  # [N, K]


def read_golden(path: Path, classes: int) -> Golden:
    """Reads it.

    Args:
        path: the file.
        classes: how many labels the bundle has.

    Raises:
        BadBundle: the file does not hold `frames` and as many finite `logits`.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            frames, logits = arrays["frames"], arrays["logits"]
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise BadBundle(path, f"not a golden file: {error}") from error
    if frames.dtype != np.uint8 or frames.ndim != 4 or not len(frames):
        raise BadBundle(path, f"frames must be uint8 [N, h, w, 3], are {frames.dtype} {frames.shape}")
    # Checked here, because numpy would compare other shapes too, by repeating them.
    if logits.dtype != np.float32 or logits.shape != (len(frames), classes):
        raise BadBundle(path, f"logits must be float32 [N, K] as the labels, are {logits.dtype} {logits.shape}")
    if not np.isfinite(logits).all():
        raise BadBundle(path, "logits must be finite")
    return Golden(frames, logits)
