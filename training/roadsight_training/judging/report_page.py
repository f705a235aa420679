"""Figures and pictures -> one HTML file that needs nothing else.

figures, PNGs --Jinja2--> text
"""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from roadsight_training.judging.plots import as_data_uri

TEMPLATE = "report.html.j2"
NONE = "-"  # what stands for a figure that is not defined


def render(figures: Mapping[str, Any], pictures: Mapping[str, bytes], recipe: str) -> str:
    """Lays a report out.

    Args:
        figures: what `figures.json` holds; every number on the page is one of them.
        pictures: PNG files by name.
        recipe: the run's, as text.
    """
    return fill(TEMPLATE, pictures, figures=figures, recipe=recipe)


def fill(template: str, pictures: Mapping[str, bytes], **values: object) -> str:
    """Fills one of the templates; the PNG files go into the page, by name."""
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "points": points, "number": number}
    uris = {name: as_data_uri(png) for name, png in pictures.items()}
    return environment.get_template(template).render(pictures=uris, **values)


def percent(value: float | None) -> str:
    """0.98612 -> 98.61 %."""
    return NONE if value is None else f"{value:.2%}".replace("%", "\N{NO-BREAK SPACE}%")


def points(value: float | None) -> str:
    """0.98612 -> 0.9861."""
    return NONE if value is None else f"{value:.4f}"


def number(value: float) -> str:
    """11200000 -> 11.20 M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.2f}\N{NO-BREAK SPACE}{unit}"
    return str(value)
