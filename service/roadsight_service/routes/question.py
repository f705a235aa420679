"""What a client wants to know of a region, from query and form fields.

Given --question--> Question
      BadParameter, BadRegion
"""

from roadsight_models import raw_layout, regions
from roadsight_models.errors import BadParameter
from roadsight_models.robustness.certificate import Smoothing
from roadsight_models.robustness.epsilons import read_epsilon
from roadsight_models.robustness.names import ATTACK_NAMES, DEFAULT, among
from roadsight_service.robustness.question import Attempt, Corners, Question
from roadsight_service.routes.given import Given
from roadsight_service.settings import Settings

CERTIFY = "certify"
NAMES = (*ATTACK_NAMES, CERTIFY)
_OF_ATTACKS = ("epsilon", "norm", "steps", "restarts", "target", "search", "image")
_OF_CERTIFY = ("sigma", "n")
QUERY = ("task", "version", "region", "attack", *_OF_ATTACKS, *_OF_CERTIFY, "label", "seed")
DEFAULT_NORM = "linf"
DEFAULT_EPSILON = "8/255"  # of linf; in other norms it says nothing
MAX_SEED = 2**32 - 1


def question(given: Given, until: float, settings: Settings) -> Question:
    """Reads what is wanted; what only an attack itself can tell, such as a norm that it does not know, it tells later.

    Raises:
        BadParameter: an unknown name, a value that can't be read, is out of bounds, or was given twice; a parameter
            that means nothing to what was asked for.
        BadRegion: see `regions.parse`.
    """
    given.refuse_unknown(QUERY)
    asked = given.once("attack")
    name = among(DEFAULT if asked is None else asked, NAMES)
    return Question(
        deadline=until,
        how=_smoothing(given, settings) if name == CERTIFY else _attempt(name, given, settings),
        task=given.once("task"),
        version=given.once("version"),
        region=_region(given.once("region")),
        label=given.once("label"),
        seed=_whole(given, "seed", 0, MAX_SEED) or 0,
        layout=raw_layout.read(given.content_type),
    )


def _attempt(name: str, given: Given, settings: Settings) -> Attempt:
    _refuse(given, _OF_CERTIFY, f"is of attack={CERTIFY}, and of no other")
    asked = given.once("norm")
    norm = DEFAULT_NORM if asked is None else asked
    return Attempt(
        attack=name,
        norm=norm,
        epsilon=_epsilon(norm, given.once("epsilon")),
        steps=_whole(given, "steps", 1, settings.robustness_max_steps),
        restarts=_whole(given, "restarts", 1, settings.robustness_max_restarts),
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


def _epsilon(norm: str, text: str | None) -> float:
    if text is None and norm != DEFAULT_NORM:
        raise BadParameter("epsilon", f"must be given for the norm {norm[:40]!r}")
    return read_epsilon(DEFAULT_EPSILON if text is None else text)


def _region(text: str | None) -> Corners | None:
    if text is None:
        return None
    try:
        (region,) = regions.parse(f"[{text}]", limit=1)
    except BadParameter as error:
        raise BadParameter("region", "expected one box in pixels, [x1, y1, x2, y2]") from error
    return region.box


def _whole(given: Given, name: str, least: int, most: int) -> int | None:
    text = given.once(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 12 and least <= int(text) <= most):
        raise BadParameter(name, f"expected a whole number from {least} to {most}, got {text[:40]!r}")
    return int(text)
