"""A model as a folder: the only way from training to service.

    files + manifest --save--> <root>/<name>/<version>/ --load--> Bundle
                     BadBundle                          BadBundle

`save` is all or nothing; `load` checks every byte against the manifest, and the manifest against its own digest.
"""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from roadsight_models.errors import BadBundle
from roadsight_models.manifest import Manifest, digest_of

if TYPE_CHECKING:  # it comes with numpy, which who only looks what is there need not load
    from roadsight_models.golden import Golden

MANIFEST = "manifest.json"
CLASSIFIER = "classifier.onnx"
GOLDEN = "golden.npz"
GRADIENT = "gradient.onnx"
MAX_FILE_BYTES = 20_000_000
MAX_BUNDLE_BYTES = 50_000_000


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

    def golden(self) -> "Golden":
        """Reads the self-test; raises as `read_golden` does."""
        from roadsight_models.golden import read_golden  # noqa: PLC0415

        return read_golden(self.folder / GOLDEN, len(self.manifest.labels))


def read_manifest(folder: Path) -> Manifest:
    """Reads what a bundle says of itself; its files are not looked at.

    Raises:
        BadBundle: the manifest is missing, not understood or changed.
    """
    path = folder / MANIFEST
    if not path.is_file():
        there = ", ".join(sorted(child.parent.name for child in folder.glob(f"*/{MANIFEST}")))
        raise BadBundle(path, f"no such file; the folder of a version is meant: {there}" if there else "no such file")
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadBundle(path, _complaint(error)) from error
    if manifest.digest != digest_of(json.loads(path.read_bytes())):
        raise BadBundle(path, "its digest does not match: the file was changed after it was published")
    return manifest


def load(folder: Path) -> Bundle:
    """Reads and verifies a bundle.

    Raises:
        BadBundle: as `read_manifest` does, or a file is missing or changed; names the file.
    """
    manifest = read_manifest(folder)
    needed = CLASSIFIER, GOLDEN, *(precision.file for precision in manifest.precisions)
    if missing := [name for name in needed if name not in manifest.files]:
        raise BadBundle(folder / MANIFEST, f"lists no {missing[0]}")
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
    if large := [name for name, content in files.items() if len(content) > MAX_FILE_BYTES]:
        raise BadBundle(folder / large[0], f"over {MAX_FILE_BYTES} bytes")
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
    return {name: folders[-1] for name, folders in versions(root).items()}


def versions(root: Path) -> dict[str, list[Path]]:
    """Finds all versions of every bundle under `root`: name -> folders, the newest last. Verifies nothing."""
    found = [path.parent for path in root.glob(f"*/*/{MANIFEST}")]
    found = [folder for folder in found if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", folder.name)]
    found.sort(key=lambda folder: (folder.parent.name, number(folder.name), folder))
    return {name: list(folders) for name, folders in groupby(found, lambda folder: folder.parent.name)}


def number(version: str) -> tuple[int, ...]:
    """A semantic version, as it is ordered."""
    return tuple(int(part) for part in version.split("."))


def one_a_task(newest: Mapping[str, Path]) -> dict[str, Path]:
    """What serves where nobody chooses: of several bundles for one task the one that is named after it, if one is.

    Args:
        newest: name -> folder.

    Raises:
        BadBundle: as `read_manifest` does.
    """
    slugs = {name: read_manifest(folder).task.replace("_", "-") for name, folder in newest.items()}
    return {name: newest[name] for name, slug in slugs.items() if name == slug or slug not in slugs}
