"""What `attack=certify` proves of a model whose borders are known, and what it leaves unproven."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import NormalDist
from typing import Any

import httpx
import pytest

import colours
from checking import RED_PNG, House, Overflowing, checking, without_gradient
from pictures import encoded, striped
from roadsight_models.robustness.certificate import Smoothing
from roadsight_models.robustness.smoothing import clopper_pearson
from roadsight_models.session import open_session
from roadsight_service.registry import Registry
from roadsight_service.robustness.schemas import CheckOut
from roadsight_service.settings import Settings
from running import PNG, metric, serve, until

USUAL = Smoothing()
SPLIT = encoded(striped((128, 128, 60)))  # red and green are equally likely
NEAR = encoded(striped((130, 128, 60)))  # red leads by two levels
FEW = "attack=certify&n=100"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with checking(tmp_path_factory.mktemp("bundles")) as house:
        yield house


def certified(house: House, query: str = FEW, body: bytes = RED_PNG) -> tuple[str, dict[str, Any]]:
    response = house.check(query, body)
    assert response.status_code == 200, response.text
    answer = response.json()
    return answer["verdict"], answer["certificate"]


def test_a_clear_picture_is_certified_as_far_as_so_many_pictures_can_prove(house: House) -> None:
    verdict, found = certified(house, "attack=certify")
    assert verdict == "certified"
    bound = USUAL.alpha ** (1 / USUAL.n)
    assert found.pop("radius") == pytest.approx(USUAL.sigma * NormalDist().inv_cdf(bound))
    assert found.pop("share") == pytest.approx(bound)
    assert found == {"label": "red", "index": 0, "sigma": USUAL.sigma, "n": USUAL.n, "votes": USUAL.n, "alpha": 0.001}


def test_sigma_and_n_are_the_client_s_to_choose(house: House) -> None:
    _, found = certified(house, "attack=certify&sigma=64/255&n=500")
    assert (found["sigma"], found["n"], found["votes"]) == (64 / 255, 500, 500)
    assert found["radius"] == pytest.approx(64 / 255 * NormalDist().inv_cdf(0.001 ** (1 / 500)))


def test_where_the_vote_is_split_it_abstains_and_says_how_split(house: House) -> None:
    verdict, found = certified(house, FEW, SPLIT)
    assert (verdict, found["label"], found["index"], found["radius"]) == ("abstained", None, None, 0)
    assert 20 < found["votes"] < 80
    assert found["share"] == clopper_pearson(found["votes"], 100, found["alpha"]) <= 0.5


def test_no_certificate_passes_the_border(house: House) -> None:
    _, found = certified(house, "attack=certify", NEAR)
    assert found["radius"] <= 2 / 255 * 16 / math.sqrt(2)  # all 256 values of red and of green move half of the way


@pytest.mark.parametrize("true", ["red", "0"])
def test_the_true_label_changes_nothing(house: House, true: str) -> None:
    assert certified(house, f"{FEW}&label={true}") == certified(house)


def test_a_certificate_for_another_class_than_the_true_one_is_shown_as_what_it_is(house: House) -> None:
    verdict, found = certified(house, f"{FEW}&label=blue")
    assert (verdict, found["label"]) == ("already_wrong", "red")
    assert certified(house, f"{FEW}&label=blue", SPLIT)[0] == "abstained"


def test_the_same_seed_gives_the_same_votes(house: House) -> None:
    first, again, *others = (certified(house, f"{FEW}&seed={seed}", NEAR)[1]["votes"] for seed in (7, 7, 8, 9, 10))
    assert first == again
    assert {first} != set(others)


def test_the_whole_answer_has_the_published_form_and_says_what_was_spent(house: House) -> None:
    before = house.gradient.steps
    for body in (RED_PNG, SPLIT):
        answer = house.check(FEW, body).json()
        assert CheckOut.model_validate(answer, extra="forbid").model_dump(mode="json") == answer
        assert [answer[name] for name in ("adversarial", "distance", "epsilon", "image")] == [None] * 4
        assert (answer["spent"]["queries"], answer["spent"]["steps"]) == (1 + USUAL.n0 + 100, 0)
    assert house.gradient.steps == before
    assert house.check("attack=fgsm").json()["certificate"] is None


def test_a_form_asks_for_it_too(house: House) -> None:
    fields = {"attack": "certify", "sigma": "0.1", "n": "20", "label": "red", "seed": "1", "region": "[0,0,40,40]"}
    answer = httpx.post(f"{house.url}/v1/robustness", files={"frame": RED_PNG}, data=fields).json()
    assert (answer["verdict"], answer["certificate"]["sigma"], answer["certificate"]["n"]) == ("certified", 0.1, 20)


def test_verdicts_and_pictures_are_counted(house: House) -> None:
    def counted() -> list[float]:
        verdicts = (f'requests_total{{code="{verdict}"}}' for verdict in ("certified", "abstained"))
        return [metric(house.url, f"roadsight_robustness_{name}") for name in (*verdicts, "queries_total")]

    before = counted()
    certified(house)
    certified(house, FEW, SPLIT)
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 1, 2 * (1 + USUAL.n0 + 100)]


def test_a_deadline_ends_it_before_its_next_batch(tmp_path: Path) -> None:
    with checking(tmp_path) as house, ThreadPoolExecutor(1) as pool:
        house.session.gate.clear()
        late = pool.submit(house.check, "attack=certify", deadline_ms=1000)
        assert late.result().status_code == 504  # the gate is still shut
        house.session.gate.set()
        until(lambda: metric(house.url, "roadsight_robustness_running") == 0)
        assert house.session.batches == [1]


def test_it_needs_no_gradient(tmp_path: Path) -> None:
    registry = without_gradient(tmp_path)
    with serve(Settings(robustness_enabled=True), lambda _: registry) as url:
        answer = httpx.post(f"{url}/v1/robustness?{FEW}", content=RED_PNG, headers=PNG).json()
        assert answer["verdict"] == "certified"


def test_what_classify_calls_unknown_can_not_be_certified(tmp_path: Path) -> None:
    session = Overflowing(open_session(colours.save(tmp_path), "cpu"))
    with serve(Settings(robustness_enabled=True), lambda _: Registry({"colour": session})) as url:
        response = httpx.post(f"{url}/v1/robustness?{FEW}", content=RED_PNG, headers=PNG)
        assert (response.status_code, response.json()["code"]) == (422, "bad_region")
