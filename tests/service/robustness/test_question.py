"""Reading what is asked of a region: any text is either understood or refused by a member of the family."""

import math
from urllib.parse import urlencode

import pytest
from fastapi import Request
from hypothesis import example, given
from hypothesis import strategies as st

from roadsight_models.errors import BadParameter, RoadsightError
from roadsight_models.regions import Box
from roadsight_models.robustness.catalogue import ATTACKS
from roadsight_models.robustness.certificate import Smoothing
from roadsight_models.robustness.check import Plan
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.pgd import PGD
from roadsight_models.robustness.threat import ThreatModel
from roadsight_service.robustness.examination import plan
from roadsight_service.robustness.question import Attempt, Question
from roadsight_service.routes.given import Given
from roadsight_service.routes.question import QUERY, question
from roadsight_service.settings import Settings

SETTINGS = Settings(robustness_max_steps=50, robustness_max_restarts=3, robustness_max_noisy_pictures=600)
NUMBERS = st.integers().map(str) | st.floats().map(str) | st.fractions().map(str) | st.from_regex(r"[0-9./e-]{1,9}")
VALUES = NUMBERS | st.text(max_size=20) | st.sampled_from([*ATTACKS, "certify", "linf", "l2", "true", "[0,0,9,9]"])


def asked(query: bytes, settings: Settings = SETTINGS) -> Question:
    scope = {"type": "http", "http_version": "1.1", "query_string": query, "headers": [], "client": ("10.0.0.7", 5)}
    return question(Given(Request(scope)), 100.0, settings)


def ask(**query: object) -> Question:
    return asked(urlencode(query).encode())


def attempt(**said: object) -> Attempt:
    how = ask(**said).how
    assert isinstance(how, Attempt)
    return how


def planned(how: Attempt, most_steps: int = 50) -> Plan:
    return plan(how, None, None, 0, most_steps)


def smoothing(settings: Settings = SETTINGS, **said: object) -> Smoothing:
    how = asked(urlencode({"attack": "certify"} | said).encode(), settings).how
    assert isinstance(how, Smoothing)
    return how


@given(st.lists(st.tuples(st.sampled_from(QUERY), VALUES), max_size=5, unique_by=lambda pair: pair[0]))
@example([("norm", "l2"), ("epsilon", "9" * 20)])
@example([("seed", "٣")])
@example([("region", "[" * 5000)])
def test_whatever_comes_is_understood_or_refused(pairs: list[tuple[str, str]]) -> None:
    try:
        understood = asked(urlencode(pairs).encode())
    except RoadsightError as error:
        assert error.status == 422
    else:
        how = understood.how
        if isinstance(how, Smoothing):
            assert 0 < how.sigma <= 1
            assert 0 < how.n <= 600
        else:
            assert math.isfinite(how.epsilon)
            assert how.epsilon >= 0
            assert how.attack in ATTACKS


@given(st.binary(max_size=60))
def test_a_query_that_is_no_text_is_understood_or_refused(query: bytes) -> None:
    try:
        asked(query)
    except RoadsightError as error:
        assert error.status == 422


@pytest.mark.parametrize(
    ("said", "epsilon"),
    [("8/255", 8 / 255), ("0.031", 0.031), (".5", 0.5), ("0", 0), ("1", 1), ("255/255", 1), ("3e-2", 0.03), ("0/9", 0)],
)
def test_an_epsilon_may_be_a_fraction_or_a_number(said: str, epsilon: float) -> None:
    assert attempt(epsilon=said).epsilon == epsilon


@given(st.floats(0, 1))
def test_python_s_own_numbers_are_read_exactly(epsilon: float) -> None:
    if "e" not in str(epsilon) or int(str(epsilon).partition("e-")[2]) < 100:
        assert attempt(epsilon=epsilon).epsilon == epsilon


def test_who_says_nothing_asks_for_a_quick_look_at_the_whole_frame() -> None:
    plain, how = ask(), attempt()
    assert planned(how).attacks == (FGSM(), PGD(10))
    assert planned(how).threat == ThreatModel("linf", 8 / 255)
    assert (how.target, how.search, how.image) == (None, False, False)
    assert (plain.task, plain.version, plain.region, plain.label, plain.seed) == (None, None, None, None, 0)


def test_everything_that_is_said_is_read() -> None:
    full = ask(task="colour", version="1.0.0", region="[0, 0.5, 9, 9]", attack="pgd", epsilon="3", norm="l2",
               steps="50", restarts="3", seed="7", label="red", target="1", search="true", image="true")  # fmt: skip
    assert isinstance(full.how, Attempt)
    assert planned(full.how).attacks == (PGD(50, restarts=3),)
    assert planned(full.how).threat == ThreatModel("l2", 3)
    assert (full.how.target, full.how.search, full.how.image) == ("1", True, True)
    assert full.region == Box(0, 0.5, 9, 9)
    assert (full.task, full.version, full.label, full.seed) == ("colour", "1.0.0", "red", 7)


def test_a_certificate_has_its_own_two_parameters() -> None:
    assert smoothing() == Smoothing()
    assert smoothing(sigma="64/255", n=600) == Smoothing(sigma=64 / 255, n=600)
    assert smoothing(sigma=0.25).sigma == 0.25
    said = ask(attack="certify", task="colour", region="[0,0,9,9]", label="red", seed="7")
    assert (said.task, said.label, said.seed, said.region is not None) == ("colour", "red", 7, True)


def test_a_certificate_s_own_number_of_pictures_is_cut_to_the_cap() -> None:
    assert smoothing(Settings(robustness_max_noisy_pictures=100)).n == 100
    with pytest.raises(BadParameter, match="n: expected a whole number from 1 to 600"):
        smoothing(n=601)


@pytest.mark.parametrize(("name", "over"), [("steps", "51"), ("restarts", "4")])
def test_a_budget_over_the_cap_is_told_the_cap(name: str, over: str) -> None:
    with pytest.raises(BadParameter, match=f"{name}: expected a whole number from 1 to"):
        ask(attack="pgd", **{name: over})


def test_an_attack_s_own_number_of_steps_is_cut_to_the_cap() -> None:
    assert planned(attempt(attack="pgd")).attacks == (PGD(40),)
    assert planned(attempt(attack="pgd"), most_steps=7).attacks == (PGD(7),)
    assert planned(attempt(), most_steps=7).attacks == (FGSM(), PGD(7))
