"""A measurement from the bundle to its page.

Bundle, data, Asked --run--> figures
                    BadBundle, BadDataset, BadParameter
"""

import os
from dataclasses import asdict, replace
from pathlib import Path

from roadsight_models.bundle import GRADIENT, Bundle
from roadsight_models.gradient import open_gradient
from roadsight_models.robustness.epsilons import shown
from roadsight_models.robustness.squeezing import suspicion
from roadsight_models.robustness.victim import Victim
from roadsight_models.session import open_session
from roadsight_training.attacking.drawn import draw, subject
from roadsight_training.attacking.progress import follow
from roadsight_training.datasets import open_dataset
from roadsight_training.detecting.asked import Asked
from roadsight_training.detecting.bent import bend
from roadsight_training.detecting.page import Plain, write_page


def run(bundle: Bundle, data: Path, asked: Asked, out: Path) -> Plain:
    """Measures, and tells of it. It can't be resumed.

    Args:
        bundle: whose answers the score is computed from; with a gradient.
        data: the folder of the data set.
        asked: how.
        out: the folder of what is written.

    Raises:
        BadBundle: it has no gradient, or no such precision.
        BadDataset: no such split, or damaged pictures.
        BadParameter: see `Asked.to_bend`.
    """
    temperature, threads = bundle.manifest.temperature, os.cpu_count() or 1
    all_bent = asked.to_bend(temperature)
    session = open_session(bundle, "auto", threads, asked.precision)
    victim = Victim(session, open_gradient(bundle, "auto", threads))
    drawn = draw(session, open_dataset(data).known_as(bundle.manifest.labels), asked.split, asked.n)
    out.mkdir(parents=True, exist_ok=True)  # what can't be written should be known now
    clean = suspicion(victim, drawn.frames, temperature)
    right = ~drawn.criterion(slice(None)).reached(victim.answers(drawn.frames))
    for bent in all_bent:
        done = bend(victim, drawn, bent, asked.seed, temperature)
        follow(f"{bent.name} {shown(bent.threat.epsilon, asked.norm)}", len(drawn.truth), done)
    stated = subject(session, drawn, [GRADIENT]) | asdict(replace(asked, n=len(drawn.truth)))
    return write_page(stated, clean, right, all_bent, out)
