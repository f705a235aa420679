"""What a client wants to know of a region, from query and form fields.

Given --question--> Question
      BadParameter, BadRegion
"""

from roadsight_models import raw_layout, regions
from roadsight_models.errors import BadParameter
from roadsight_models.regions import Region
from roadsight_models.robustness import catalogue
from roadsight_models.robustness.epsilons import read_epsilon
from roadsight_models.robustness.smoothing import Smoothing
from roadsight_models.robustness.threat import ThreatModel
from roadsight_service.robustness.question import Attempt, Question
from roadsight_service.routes.given import Given
from roadsight_service.settings import Settings

CERTIFY = "certify"
NAMES = (*catalogue.ATTACKS, CERTIFY)
_OF_ATTACKS = ("epsilon", "norm", "steps", "restarts", "target", "search", "image")
_OF_CERTIFY = ("sigma", "n")
QUERY = ("task", "region", "attack", *_OF_ATTACKS, *_OF_CERTIFY, "label", "seed")
DEFAULT_NORM = "linf"
DEFAULT_EPSILON = "8/255"  # of linf; in other norms it says nothing
MAX_SEED = 2**32 - 1


def question(given: Given, until: float, settings: Settings) -> Question:
    """Reads what is wanted.

    Raises:
        BadParameter: an unknown name, a value that can't be read, is out of bounds, or was given twice; a parameter
            that means nothing to what was asked for.
        BadRegion: see `regions.parse`.
    """
    given.refuse_unknown(QUERY)
    name = given.once("attack") or catalogue.DEFAULT
    if name not in NAMES:
        raise catalogue.unknown(name, NAMES)
    return Question(
        deadline=until,
        how=_smoothing(given, settings) if name == CERTIFY else _attempt(name, given, settings),
        task=given.once("task"),
        region=_region(given.once("region")),
        label=given.once("label"),
        seed=_whole(given, "seed", 0, MAX_SEED) or 0,
        layout=raw_layout.read(given.content_type),
    )


def _attempt(name: str, given: Given, settings: Settings) -> Attempt:
    _refuse(given, _OF_CERTIFY, f"is of attack={CERTIFY}, and of no other")
    most = settings.robustness_max_steps
    steps = _whole(given, "steps", 1, most)
    restarts = _whole(given, "restarts", 1, settings.robustness_max_restarts)
    return Attempt(
        attacks=catalogue.make(name, steps, restarts, most),
        threat=_threat(given.once("norm") or DEFAULT_NORM, given.once("epsilon")),
        target=given.once("target"),
        search=given.flag("search"),
        image=given.flag("image"),
    )


def _smoothing(given: Given, settings: Settings) -> Smoothing:
    _refuse(given, _OF_ATTACKS, f"means nothing to attack={CERTIFY}, which takes {' and '.join(_OF_CERTIFY)}")
    most, sigma, usual = settings.robustness_max_noisy_pictures, given.once("sigma"), Smoothing()
    return Smoothing(
        sigma=usual.sigma if sigma is None else read_epsilon(sigma, "sigma"),
        n=_whole(given, "n", 1, most) or min(usual.n, most),
    )


def _refuse(given: Given, names: tuple[str, ...], why: str) -> None:
    for name in names:
        if given.every(name):
            raise BadParameter(name, why)


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
