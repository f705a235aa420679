"""How an epsilon is written, so that a command reads it back exactly."""

GREY_LEVELS = 255


def shown(epsilon: float | None, norm: str | None) -> str:
    """8/255 in linf, where it is whole grey levels; else the number; a dash where there is no ball."""
    if norm is None or epsilon is None:
        return "-"
    levels = round(epsilon * GREY_LEVELS)
    return f"{levels}/{GREY_LEVELS}" if norm == "linf" and levels / GREY_LEVELS == epsilon else str(epsilon)
