"""What a model card says of attacks, from the manifest alone; it comes into a card that is there, too.

Manifest --under_attack--> Markdown --inserted--> the card with it
"""

import re
from collections.abc import Iterable

from roadsight_models.manifest import Manifest, Robustness
from roadsight_models.robustness.epsilons import shown
from roadsight_training.card import again
from roadsight_training.card.tables import table

HEADING = "## Under attack"
BEFORE = "## Known failures"


def under_attack(manifest: Manifest) -> str:
    """The section; nothing where nobody attacked it."""
    if not manifest.robustness:
        return ""
    rows = [
        (
            _name(one),
            one.norm or "-",
            shown(one.epsilon, one.norm),
            *_how(one),
            f"{one.clean_top1:.2%}",
            f"{one.robust_top1:.2%}",
            f"{one.interval[0]:.2%} to {one.interval[1]:.2%}",
            one.n,
            f"{one.steps:.0f}",
            f"{one.queries:.0f}",
        )
        for one in manifest.robustness
    ]
    head = ("attack", "norm", "epsilon", "graph", "split", "clean", "withstood", "95 %", "images", "steps", "queries")
    return f"""{HEADING}

Top-1 of some pictures as they are, and the share that is named rightly and withstands: an upper bound, since a better
attack may break more. Epsilon is of pixels in [0, 1]; every success was rounded to whole grey levels, and verified by
the graph that serves. Steps (gradients) and queries are a picture's, on average.

{table(head, rows)}
{_each(f"- {name}: {how}." for name, how in _parameters(manifest.robustness).items())}
Again:
{_each(f"`{command}`" for command in _commands(manifest))}"""


def inserted(card: str, manifest: Manifest) -> str:
    """The card with this section in the place of an earlier one, or before the failures, or at its end."""
    rest = re.sub(rf"^{HEADING}\n.*?(?=^## |\Z)", "", card, flags=re.MULTILINE | re.DOTALL)
    head, found, tail = rest.partition(f"{BEFORE}\n")
    return f"{head.rstrip()}\n\n{under_attack(manifest).strip()}\n\n{found}{tail}".rstrip() + "\n"


def _name(one: Robustness) -> str:
    return f"{one.attack} {one.options}".rstrip()


def _how(one: Robustness) -> tuple[str, str]:
    jpeg = f", JPEG {one.jpeg}" if one.jpeg else ""
    target = f", to {one.target}" if one.target else ""
    return f"{one.precision}{jpeg}", f"{one.split}{target}"


def _parameters(found: Iterable[Robustness]) -> dict[str, str]:
    return {_name(one): one.parameters for one in found if one.parameters != one.attack}  # one that takes none


def _commands(manifest: Manifest) -> list[str]:
    """One for the epsilons that were measured in the same way."""
    epsilons: dict[str, list[str]] = {}
    for one in manifest.robustness:
        command = again.attack(manifest, one)
        epsilons.setdefault(command, []).extend([f" --epsilon {shown(one.epsilon, one.norm)}"] if one.norm else [])
    return [command + "".join(more) for command, more in epsilons.items()]


def _each(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
