"""How an epsilon is written, and read back exactly.

8/255, 0.031 --read_epsilon--> float --shown--> 8/255, 0.031
             BadParameter
"""

import re

from roadsight_models.errors import BadParameter

GREY_LEVELS = 255
PATTERN = r"^([0-9]{0,9}\.)?[0-9]{1,20}([eE]-[0-9]{1,2}|/[0-9]{1,9})?$"  # as JSON Schema takes it, too
_WRITTEN = re.compile(PATTERN)


def read_epsilon(text: str, name: str = "epsilon") -> float:
    """Reads a number such as 8/255, 0.031 or 1e-3.

    Args:
        text: as it was written.
        name: of the parameter: others that are in pixel units are written as an epsilon is.

    Raises:
        BadParameter: it is none, it is negative, or it divides by zero.
    """
    if not _WRITTEN.fullmatch(text):
        raise BadParameter(name, f"expected a number such as 8/255 or 0.031, not negative, got {text[:40]!r}")
    numerator, _, denominator = text.partition("/")
    if denominator and not int(denominator):
        raise BadParameter(name, f"{text[:40]}: a division by zero")
    return float(numerator) / int(denominator or 1)


def shown(epsilon: float | None, norm: str | None) -> str:
    """8/255 in linf, where it is whole grey levels; else the number; a dash where there is no ball."""
    if norm is None or epsilon is None:
        return "-"
    levels = round(epsilon * GREY_LEVELS)
    return f"{levels}/{GREY_LEVELS}" if norm == "linf" and levels / GREY_LEVELS == epsilon else str(epsilon)
