"""A run from its beginning, or from where it was interrupted, to its page.

attacks --norm_of--> norm
        BadParameter
Bundle, data, Asked --run--> figures, and the bundle as it is now
                    BadBundle, BadDataset, BadRun, BadParameter
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from roadsight_models.bundle import Bundle
from roadsight_models.errors import BadParameter
from roadsight_models.gradient import open_gradient
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.masking import MaskingCheck, check_masking
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.victim import Victim
from roadsight_models.session import open_session
from roadsight_training.attacking.asked import Asked, header
from roadsight_training.attacking.chunks import attack_chunks
from roadsight_training.attacking.drawn import Drawn, draw
from roadsight_training.attacking.figures import Plain
from roadsight_training.attacking.journal import CHECKS, open_journal
from roadsight_training.attacking.page import write_page
from roadsight_training.attacking.progress import follow
from roadsight_training.attacking.record import entries, record
from roadsight_training.attacking.results import Results
from roadsight_training.datasets import open_dataset
from roadsight_training.substitute import Substitute

CHECKED = 100  # pictures that the checks of gradient masking are made on


def norm_of(attacks: Sequence[Attack], norm: Norm | None) -> Norm | None:
    """The norm that was asked for, or the first that all attacks know; None where one has no ball.

    Raises:
        BadParameter: an attack does not know it.
    """
    without = [one.name for one in attacks if not one.norms]
    if without:
        if norm is not None:
            raise BadParameter("norm", f"{without[0]} has no ball")
        return None
    known = [one for one in attacks[0].norms if all(one in other.norms for other in attacks)]
    wanted = norm or next(iter(known), None)
    if wanted not in known:
        names, there = ", ".join(one.name for one in attacks), ", ".join(known) or "no norm together"
        raise BadParameter("norm", f"{names} knows {there}, not {wanted}")
    return wanted


def run(
    bundle: Bundle,
    data: Path,
    asked: Asked,
    attacks: Sequence[Attack],
    out: Path,
    checks: bool = False,
    stress: Sequence[Plain] = (),
    recorded: bool = False,
) -> tuple[Plain, Bundle]:
    """Attacks what was not attacked yet, and tells of it.

    Args:
        bundle: what is attacked.
        data: the folder of the data set.
        asked: how.
        attacks: those that are asked for by name.
        out: the folder of the run.
        checks: look for gradient masking on the first pictures, at the smallest epsilon.
        stress: what `roadsight stress --json` wrote.
        recorded: write the figures into the bundle.

    Raises:
        BadBundle: white-box attacks need a bundle with a gradient.
        BadDataset: no such split, or damaged pictures.
        BadRun: the folder holds a run with other settings.
        BadParameter: the epsilon is out of bounds, or checks were asked for that can't be made.
    """
    if checks and asked.norm is None:
        raise BadParameter("checks", "an attack without a ball says nothing of the gradient")
    threads = os.cpu_count() or 1
    session = open_session(bundle, "auto", threads, asked.precision)
    looks_inside = checks or any(one.access == "white box" for one in attacks)
    gradient = open_gradient(bundle, "auto", threads) if looks_inside else None
    victim = Victim(session, gradient)
    drawn = draw(session, open_dataset(data).known_as(bundle.manifest.labels), asked.split, asked.n, asked.target)
    journal = open_journal(out, header(asked, attacks, session, drawn))
    if journal.pictures < len(drawn.truth):
        _learn(attacks, victim)
    follow("attacked", len(drawn.truth), attack_chunks(victim, drawn, asked, attacks, journal))
    results = Results.read(journal)
    checked = _checks(victim, drawn, asked, out) if checks else None
    figures = write_page(results, bundle.manifest.labels, checked, stress, out)
    return figures, record(bundle, entries(results, attacks)) if recorded else bundle


def _learn(attacks: Sequence[Attack], victim: Victim) -> None:
    """Before any chunk, lest what a chunk costs depends on where a run was stopped."""
    for one in attacks:
        if isinstance(one, Substitute):
            Console().print(f"{one.name} learns from {one.queries} answers, which takes minutes")
            one.learn(victim)


def _checks(victim: Victim, drawn: Drawn, asked: Asked, out: Path) -> list[MaskingCheck]:
    """The checks of a run, made once."""
    path = out / CHECKS
    if not path.exists():
        rows = slice(0, CHECKED)
        found = check_masking(victim, drawn.frames[rows], drawn.criterion(rows), asked.threats[0], asked.seed)
        path.write_text(json.dumps([asdict(one) for one in found], indent=2) + "\n", encoding="utf-8")
    return [MaskingCheck(**one) for one in json.loads(path.read_text(encoding="utf-8"))]
