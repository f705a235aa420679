"""A model as a folder: the only way from training to service.

    files + manifest --save--> <root>/<name>/<version>/ --load--> Bundle
                     BadBundle                          BadBundle

`save` is all or nothing; `load` checks every byte against the manifest, and the manifest against its own digest.
"""

import hashlib
import io
import json
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from roadsight_models.errors import BadBundle
from roadsight_models.manifest import Manifest, digest_of

MANIFEST = "manifest.json"
CLASSIFIER = "classifier.onnx"
GOLDEN = "golden.npz"
GRADIENT = "gradient.onnx"
MAX_FILE_BYTES = 20_000_000
MAX_BUNDLE_BYTES = 50_000_000


@dataclass(frozen=True)
class Golden:
    """Drawn inputs and the logits that the training framework gave for them."""

    frames: npt.NDArray[np.uint8]  # [N, h, w, 3] RGB
    logits: npt.NDArray[np.float32]  # [N, K]


@dataclass(frozen=True)
class Bundle:
    """A verified bundle on disk."""

    folder: Path
    manifest: Manifest

    @property
    def classifier(self) -> Path:
        """The float32 graph: `frames` uint8 [N, h, w, 3] in, `logits` [N, K] and `embedding` [N, D] out."""
        return self.folder / CLASSIFIER

    @property
    def gradient(self) -> Path | None:
        """The graph of logits and gradient, see `gradient`; None where none was published."""
        return self.folder / GRADIENT if GRADIENT in self.manifest.files else None

    def golden(self) -> Golden:
        """Reads the self-test.

        Raises:
            BadBundle: the file does not hold `frames` and as many finite `logits`.
        """
        path = self.folder / GOLDEN
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
                frames, logits = arrays["frames"], arrays["logits"]
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
            raise BadBundle(path, f"not a golden file: {error}") from error
        if frames.dtype != np.uint8 or frames.ndim != 4 or not len(frames):
            raise BadBundle(path, f"frames must be uint8 [N, h, w, 3], are {frames.dtype} {frames.shape}")
        # Checked here, because numpy would compare other shapes too, by repeating them.
        if logits.dtype != np.float32 or logits.shape != (len(frames), len(self.manifest.labels)):
            raise BadBundle(path, f"logits must be float32 [N, K] as the labels, are {logits.dtype} {logits.shape}")
        if not np.isfinite(logits).all():
            raise BadBundle(path, "logits must be finite")
        return Golden(frames, logits)


def load(folder: Path) -> Bundle:
    """Reads and verifies a bundle.

    Raises:
        BadBundle: the manifest is missing, not understood or changed, or a file is missing or changed; names the file.
    """
    path = folder / MANIFEST
    if not path.is_file():
        versions = sorted(child.parent.name for child in folder.glob(f"*/{MANIFEST}"))
        hint = f"; the folder of a version is meant: {', '.join(versions)}" if versions else ""
        raise BadBundle(path, f"no such file{hint}")
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadBundle(path, _complaint(error)) from error
    if manifest.digest != digest_of(json.loads(path.read_bytes())):
        raise BadBundle(path, "its digest does not match: the file was changed after it was published")
    for name in (CLASSIFIER, GOLDEN, *(precision.file for precision in manifest.precisions)):
        if name not in manifest.files:
            raise BadBundle(path, f"lists no {name}")
    for name, digest in manifest.files.items():
        _verify(folder / name, digest)
    return Bundle(folder, manifest)


def _complaint(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the file"
    return f"{where}: {first['msg']}"


def _verify(path: Path, digest: str) -> None:
    if not path.is_file():
        raise BadBundle(path, "no such file")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise BadBundle(path, f"over {MAX_FILE_BYTES} bytes")
    with path.open("rb") as file:  # read whole, its memory would stay with the process
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != digest:
        raise BadBundle(path, "its SHA-256 differs from the manifest's: the file is damaged or was changed")


def save(root: Path, manifest: Manifest, files: Mapping[str, bytes]) -> Bundle:
    """Writes `<root>/<name>/<version>/`, whole or not at all.

    Args:
        root: the folder of all bundles.
        manifest: its `files` and `digest` are filled in here.
        files: contents by file name; `classifier.onnx` and `golden.npz` must be there.

    Raises:
        BadBundle: the version exists already, or a file is missing, too large or has a name that is not allowed.
    """
    folder = root / manifest.name / manifest.version
    check_new(folder)
    for name, content in files.items():
        if len(content) > MAX_FILE_BYTES:
            raise BadBundle(folder / name, f"over {MAX_FILE_BYTES} bytes")
    if sum(len(content) for content in files.values()) > MAX_BUNDLE_BYTES:
        raise BadBundle(folder, f"over {MAX_BUNDLE_BYTES} bytes in all")
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    try:  # before a byte is written: a name must not lead out of the folder
        sealed = Manifest.model_validate(manifest.model_dump() | {"files": digests}).sealed()
    except ValidationError as error:
        raise BadBundle(folder, _complaint(error)) from error
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    try:
        for name, content in files.items():
            (draft / name).write_bytes(content)
        (draft / MANIFEST).write_text(sealed.model_dump_json(indent=2) + "\n")
        load(draft)
        draft.chmod(0o755)
        _publish(draft, folder)
    except BaseException:
        shutil.rmtree(draft)
        raise
    return load(folder)


def check_new(folder: Path) -> None:
    """Raises BadBundle where a version is there already."""
    if folder.exists():
        raise BadBundle(folder, "this version exists already; published versions never change")


def _publish(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)
    except OSError:
        check_new(folder)  # another process was faster
        raise


def latest(root: Path) -> dict[str, Path]:
    """Finds the newest version of every bundle under `root`: name -> folder. Verifies nothing."""
    newest: dict[str, tuple[tuple[int, ...], Path]] = {}
    for path in root.glob(f"*/*/{MANIFEST}"):
        if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", path.parent.name):
            continue
        key = (tuple(int(part) for part in path.parent.name.split(".")), path.parent)
        newest[path.parent.parent.name] = max(newest.get(path.parent.parent.name, key), key)
    return {name: folder for name, (_, folder) in sorted(newest.items())}
