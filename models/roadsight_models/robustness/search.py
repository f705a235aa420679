"""The smallest epsilon that breaks a picture, by an attack that looks within one.

    ThreatModel --attempt--> Outcome (halved between the largest ball that held and the smallest that broke)

An upper bound, as every attack's figure is: a better attack may need less.
"""

from collections.abc import Callable
from dataclasses import replace

from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.verify import Outcome

HALVINGS = 8  # of an epsilon of 1 they are grey levels; of a smaller one in linf fewer will do


def smallest(attempt: Callable[[ThreatModel], Outcome], threat: ThreatModel) -> tuple[ThreatModel, Outcome]:
    """Bisects epsilon.

    Args:
        attempt: attacks one picture within a ball, and verifies.
        threat: the largest ball.

    Returns:
        The smallest ball in which the picture broke, with what came of it; the largest, if it held even there.
    """
    outcome = attempt(threat)
    if not outcome.reached[0]:
        return threat, outcome
    held, ball = 0.0, _around(outcome, threat)
    for _ in range(HALVINGS):
        middle = replace(threat, epsilon=(held + ball.epsilon) / 2).in_levels()
        if middle.epsilon <= held:  # no picture of whole grey levels lies between
            break
        tried = attempt(middle)
        if tried.reached[0]:
            outcome, ball = tried, _around(tried, middle)
        else:
            held = middle.epsilon
    return ball, outcome


def _around(outcome: Outcome, threat: ThreatModel) -> ThreatModel:
    """The smallest ball that has what was found within a larger one."""
    found = float(getattr(outcome, threat.norm)[0])
    return replace(threat, epsilon=min(found, threat.epsilon)).in_levels()
