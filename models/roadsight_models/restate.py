"""What was measured of a bundle after it was published: its manifest says more, its graphs stay as they are.

Bundle, Robustness, texts --restate--> the same version, sealed anew
                          BadBundle
"""

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from roadsight_models import bundle as bundles
from roadsight_models.bundle import Bundle
from roadsight_models.errors import BadBundle
from roadsight_models.manifest import Robustness


def restate(bundle: Bundle, measured: Iterable[Robustness], texts: Mapping[str, bytes]) -> Bundle:
    """Writes a bundle anew with further figures. Its folder is exchanged as a whole; its digest is another one then.

    Args:
        bundle: as `bundle.load` gave it.
        measured: entries of `robustness`; one that was there with the same question is replaced.
        texts: Markdown files that tell of them, by name.

    Raises:
        BadBundle: a file other than Markdown is named, or the bundle can't be written.
    """
    if refused := [name for name in texts if not name.endswith(".md")]:
        raise BadBundle(bundle.folder / refused[0], "what is published never changes; only its texts may say more")
    bundles.load(bundle.folder)  # lest what was damaged since is sealed
    files = {name: (bundle.folder / name).read_bytes() for name in bundle.manifest.files}
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=bundle.folder.parent) as place:
        draft = bundles.save(Path(place), bundle.manifest.withstanding(measured), files | dict(texts))
        retired = Path(place) / "retired"
        bundle.folder.rename(retired)
        try:
            draft.folder.rename(bundle.folder)
        except BaseException:
            retired.rename(bundle.folder)
            raise
    return bundles.load(bundle.folder)
