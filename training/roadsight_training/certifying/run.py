"""A run from its beginning, or from where it was interrupted, to its page.

Bundle, data, Asked --run--> figures
                    BadBundle, BadDataset, BadRun
"""

import os
from pathlib import Path

from roadsight_models.bundle import Bundle
from roadsight_models.robustness.victim import Victim
from roadsight_models.session import open_session
from roadsight_training.attacking.drawn import draw
from roadsight_training.attacking.journal import open_journal
from roadsight_training.attacking.progress import follow
from roadsight_training.certifying.asked import Asked, header
from roadsight_training.certifying.chunks import certify_chunks
from roadsight_training.certifying.figures import Certified, Plain
from roadsight_training.certifying.page import write_page
from roadsight_training.datasets import open_dataset


def run(bundle: Bundle, data: Path, asked: Asked, out: Path) -> Plain:
    """Certifies what was not certified yet, and tells of it.

    Args:
        bundle: what is certified, in the precision that is asked for; it needs no gradient.
        data: the folder of the data set.
        asked: how.
        out: the folder of the run.

    Raises:
        BadBundle: it has no such precision.
        BadDataset: no such split, or damaged pictures.
        BadRun: the folder holds a run with other settings.
    """
    session = open_session(bundle, "auto", os.cpu_count() or 1, asked.precision)
    drawn = draw(session, open_dataset(data).known_as(bundle.manifest.labels), asked.split, asked.n)
    journal = open_journal(out, header(asked, session, drawn))
    follow("certified", len(drawn.truth), certify_chunks(Victim(session), drawn, asked, journal))
    return write_page(Certified.read(journal), bundle.manifest.labels, out)
