"""What attacks, norms and verdicts are called: for who passes orders on, and so loads no numpy.

text --among--> a name
     BadParameter
"""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Literal

from roadsight_models.errors import BadParameter

Norm = Literal["linf", "l2", "l0"]
NORMS: tuple[Norm, ...] = ("linf", "l2", "l0")
Verdict = Literal["robust", "broken", "already_wrong", "certified", "abstained"]

DEFAULT = "quick"
ATTACK_NAMES = (
    "quick", "standard", "fgsm", "bim", "pgd", "apgd", "apgd-dlr", "apgd-t", "fmn", "square", "hopskipjump",
    "occlusion", "sticker", "spatial", "corruptions",
)  # fmt: skip


def among(name: str, names: Collection[str]) -> str:
    """The name again.

    Raises:
        BadParameter: it is none of them; the nearest is named, and all there are.
    """
    if name in names:
        return name
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise BadParameter("attack", f"no attack {name[:40]!r}; {hint}there are: {', '.join(names)}")
