"""The model card: what a person should know before trusting a bundle.

Manifest, Measured --card_files--> card.md, reliability.png

Its sections are those of Mitchell et al. 2019, "Model Cards for Model Reporting" (arXiv:1810.03993).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from roadsight_models.manifest import Manifest
from roadsight_training.card import attacked, sections
from roadsight_training.gates import Gate
from roadsight_training.judging import plots
from roadsight_training.judging.figures import Report
from roadsight_training.judging.report_plots import reliability_plot
from roadsight_training.judging.stress import Stressed

CARD = "card.md"


@dataclass(frozen=True)
class Measured:
    """What was measured of a bundle."""

    reports: Mapping[str, Report]  # by split; the first is what its figures are of
    stressed: Mapping[str, Sequence[Stressed]] = field(default_factory=dict)  # by split
    passed: Sequence[Gate] = ()
    notes: str = ""  # Markdown: what a person saw in the pictures that it gets wrong


def card_files(manifest: Manifest, measured: Measured) -> dict[str, bytes]:
    """Writes the card and its calibration plot from what is in the manifest and what was measured."""
    (split, report), *others = measured.reports.items()
    parts = [
        sections.what(manifest),
        sections.figures(manifest, split, report),
        sections.precisions(manifest),
        sections.passed(measured.passed),
        sections.where(split, report),
        *(sections.elsewhere(manifest, *other) for other in others),
        sections.under_stress(manifest, measured.stressed),
        attacked.under_attack(manifest),
        sections.failures(manifest, report, measured.notes),
        sections.data(manifest),
    ]
    body = "\n".join(part.strip() + "\n" for part in parts if part)
    return {CARD: body.encode(), sections.PLOT: plots.encode(reliability_plot(report.calibration))}
