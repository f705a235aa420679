"""A finished run becomes figures and a page.

Results, labels, Checks, stress --write_page--> figures.json, report.html, *.png
                                                OSError
"""

import json
from collections.abc import Sequence
from pathlib import Path

from roadsight_models.robustness.masking import MaskingCheck
from roadsight_training.attacking.figures import Plain, figures
from roadsight_training.attacking.pictures import curve_plot, examples_sheet
from roadsight_training.attacking.results import Results
from roadsight_training.judging.plots import encode
from roadsight_training.judging.report_page import fill

FIGURES = "figures.json"
PAGE = "report.html"
TEMPLATE = "attack.html.j2"


def write_page(
    results: Results, labels: Sequence[str], checks: Sequence[MaskingCheck] | None, stress: Sequence[Plain], out: Path
) -> Plain:
    """Writes both files into the folder of the run, and the pictures beside them for slides.

    Args:
        results: of the run.
        labels: of the bundle.
        checks: see `figures`.
        stress: see `figures`.
        out: the folder; a page of before is overwritten.

    Returns:
        The figures.
    """
    told = figures(results, labels, checks, stress)
    pictures = {"curve": encode(curve_plot(told))} if results.header["norm"] else {}
    sheet = examples_sheet(results, labels)
    if sheet is not None:
        pictures["examples"] = encode(sheet)
    for name, png in pictures.items():
        (out / f"{name}.png").write_bytes(png)
    (out / FIGURES).write_text(json.dumps(told, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    (out / PAGE).write_text(fill(TEMPLATE, pictures, figures=told), encoding="utf-8")
    return told
