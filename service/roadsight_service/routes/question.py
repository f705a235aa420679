"""What a client wants to know of a region, from query and form fields.

Given --question--> Question
      BadParameter, BadRegion
"""

from roadsight_models import regions
from roadsight_models.errors import BadParameter
from roadsight_models.regions import Region
from roadsight_models.robustness import catalogue
from roadsight_models.robustness.epsilons import read_epsilon
from roadsight_models.robustness.threat import ThreatModel
from roadsight_service.robustness.question import Question
from roadsight_service.routes.ask import Given
from roadsight_service.settings import Settings

QUERY = (
    "task", "region", "attack", "epsilon", "norm", "steps", "restarts", "seed", "label", "target", "search", "image",
)  # fmt: skip
DEFAULT_NORM = "linf"
DEFAULT_EPSILON = "8/255"  # of linf; in other norms it says nothing
MAX_SEED = 2**32 - 1
_FLAGS = {"false": False, "true": True}


def question(given: Given, until: float, settings: Settings) -> Question:
    """Reads what is wanted.

    Raises:
        BadParameter: an unknown name, a value that can't be read, is out of bounds, or was given twice.
        BadRegion: see `regions.parse`.
    """
    given.refuse_unknown(QUERY)
    most = settings.robustness_max_steps
    steps = _whole(given, "steps", 1, most)
    restarts = _whole(given, "restarts", 1, settings.robustness_max_restarts)
    return Question(
        deadline=until,
        attacks=catalogue.make(given.once("attack") or catalogue.DEFAULT, steps, restarts, most),
        threat=_threat(given.once("norm") or DEFAULT_NORM, given.once("epsilon")),
        task=given.once("task"),
        region=_region(given.once("region")),
        label=given.once("label"),
        target=given.once("target"),
        search=_flag(given, "search"),
        image=_flag(given, "image"),
        seed=_whole(given, "seed", 0, MAX_SEED) or 0,
    )


def _threat(norm: str, epsilon: str | None) -> ThreatModel:
    if epsilon is None and norm != DEFAULT_NORM:
        raise BadParameter("epsilon", f"must be given for the norm {norm[:40]!r}")
    text = DEFAULT_EPSILON if epsilon is None else epsilon
    return ThreatModel(norm, read_epsilon(text))  # type: ignore[arg-type]  # it refuses a norm that it does not know


def _region(text: str | None) -> Region | None:
    if text is None:
        return None
    try:
        (region,) = regions.parse(f"[{text}]", limit=1)
    except BadParameter as error:
        raise BadParameter("region", "expected one box in pixels, [x1, y1, x2, y2]") from error
    return region


def _whole(given: Given, name: str, least: int, most: int) -> int | None:
    text = given.once(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 12 and least <= int(text) <= most):
        raise BadParameter(name, f"expected a whole number from {least} to {most}, got {text[:40]!r}")
    return int(text)


def _flag(given: Given, name: str) -> bool:
    text = given.once(name) or "false"
    if text not in _FLAGS:
        raise BadParameter(name, f"expected true or false, got {text[:40]!r}")
    return _FLAGS[text]
