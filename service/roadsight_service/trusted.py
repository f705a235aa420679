"""What is opened is what was signed, whatever happens to the folder meanwhile.

folder, public keys --copied--> private copy --signature--> the copy, to be loaded and opened
                    UntrustedBundle          UntrustedBundle, BadKey, BadParameter
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from roadsight_models.bundle import MAX_BUNDLE_BYTES
from roadsight_models.errors import BadParameter, RoadsightError, UntrustedBundle


@contextmanager
def trusted(folder: Path, keys: Sequence[Path]) -> Iterator[Path]:
    """Gives a bundle's folder to open models from, until the block ends; where keys are trusted a checked copy.

    Raises:
        UntrustedBundle: none of the keys' owners signed it as it is, or it can't be copied.
        BadKey: a key can't be read.
        BadParameter: a package to check signatures with is missing.
        RoadsightError: whatever the block raises, with the folder's name for that of the copy.
    """
    if not keys:
        yield folder
        return
    with ExitStack() as private:
        copy = _copy(folder, private)
        try:
            _check_signature(copy, keys)
            yield copy
        except RoadsightError as error:
            error.args = tuple(str(each).replace(str(copy), str(folder)) for each in error.args)
            raise


def _copy(folder: Path, private: ExitStack) -> Path:
    """Copies a folder to where nobody else writes, and no more than a bundle may be; its links, which nobody signs."""
    try:
        if sum(path.lstat().st_size for path in folder.rglob("*")) > MAX_BUNDLE_BYTES:
            raise UntrustedBundle(folder, f"over {MAX_BUNDLE_BYTES} bytes in all")
        place = private.enter_context(TemporaryDirectory(prefix="roadsight-"))
        return Path(shutil.copytree(folder, Path(place) / folder.name, symlinks=True))
    except OSError as error:
        raise UntrustedBundle(folder, f"it can't be copied to be checked: {error}") from error


def _check_signature(folder: Path, keys: Sequence[Path]) -> None:
    try:
        from roadsight_models.signing import check  # noqa: PLC0415 (half a second and 40 MB, for those who sign)
    except ModuleNotFoundError as error:
        why = f"to check signatures {error.name} is missing: pip install 'roadsight[signing]'"
        raise BadParameter("ROADSIGHT_TRUSTED_KEYS", why) from error
    check(folder, keys)
