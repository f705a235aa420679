"""Every way to ask badly gets a clear problem+json, and costs no step."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import colours
from checking import RED_PNG, House, Overflowing, checking, without_gradient
from pictures import png_header
from roadsight_models.session import open_session
from roadsight_service.registry import Registry
from roadsight_service.settings import Settings
from running import PNG, metric, serve


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    changes = {"robustness_max_steps": 50, "robustness_max_restarts": 3, "max_body_bytes": 200_000}
    with checking(tmp_path_factory.mktemp("bundles"), **changes) as house:
        yield house


@pytest.fixture(autouse=True)
def no_step_was_taken_and_the_next_check_is_answered(house: House) -> Iterator[None]:
    before = house.gradient.steps
    yield
    assert house.gradient.steps == before
    assert house.check("attack=fgsm").json()["verdict"] == "robust"


def expect_problem(response: httpx.Response, status: int, code: str) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    return str(body["detail"])


EPSILONS = ["-1", "-8/255", "1.01", "256/255", "nan", "NaN", "inf", "-inf", "8/0", "0/0", "", "/", "8/", "/255", "1_0",
            "8/255/2", "eight", "1e3", "0x1", "٣", " 1", "1" * 400]  # fmt: skip


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_an_epsilon_that_is_none(house: House, epsilon: str) -> None:
    response = httpx.post(f"{house.url}/v1/robustness", params={"epsilon": epsilon}, content=RED_PNG, headers=PNG)
    assert expect_problem(response, 422, "bad_parameter").startswith("epsilon: ")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("attack=fgms", "did you mean 'fgsm'"),
        ("attack=" + "x" * 300, "quick"),
        ("norm=l3&epsilon=0.1", "linf"),
        ("norm=l2", "must be given"),
        ("norm=l0&epsilon=0.1", "l0"),
        ("steps=51&attack=pgd", "from 1 to 50"),
        ("steps=0&attack=pgd", "from 1 to 50"),
        ("steps=-1&attack=pgd", "from 1 to 50"),
        ("steps=1.5&attack=pgd", "from 1 to 50"),
        ("steps=" + "9" * 5000 + "&attack=pgd", "from 1 to 50"),
        ("steps=3&attack=fgsm", "none to choose"),
        ("restarts=4&attack=pgd", "from 1 to 3"),
        ("restarts=2&attack=fgsm", "none to choose"),
        ("seed=-1", "seed"),
        ("seed=4294967296", "seed"),
        ("label=rad", "did you mean 'red'"),
        ("label=3", "no class '3' of 3"),
        ("target=", "target"),
        ("target=red", "true class already"),
        ("label=red&target=0", "true class already"),
        ("search=yes", "true or false"),
        ("image=1", "true or false"),
        ("region=nothing", "one box"),
        ("region=", "one box"),
        ("regions=[[0,0,9,9]]", "unknown"),
        ("top=3", "unknown"),
        ("epsilon=0.1&epsilon=0.2", "more than once"),
        ("task=colour&task=colour", "more than once"),
    ],
)
def test_a_parameter_that_can_not_be_read(house: House, query: str, named: str) -> None:
    assert named in expect_problem(house.check(query), 422, "bad_parameter")


@pytest.mark.parametrize(
    "region",
    ["[50,0,60,9]", "[9,0,1,9]", "[NaN,0,9,9]", "[0,0,9]", "[[0,0,9,9]]", "[0,0,9,9],[1,1,5,5]", "[0,0,3,3]"],
)
def test_a_region_that_can_not_be_judged(house: House, region: str) -> None:
    expect_problem(house.check(f"region={region}"), 422, "bad_region")


def test_a_frame_that_is_none(house: House) -> None:
    expect_problem(house.check(body=b"no picture"), 400, "bad_image")
    expect_problem(house.check(body=RED_PNG[:60]), 400, "bad_image")
    expect_problem(house.check(body=png_header(60_000, 60_000)), 413, "too_large")
    expect_problem(house.check(body=bytes(200_001)), 413, "too_large")
    expect_problem(house.check(headers={"Content-Type": "text/plain"}), 415, "unsupported_media_type")


def test_an_unknown_task_is_told_the_tasks_there_are(house: House) -> None:
    assert "colour" in expect_problem(house.check("task=smell"), 404, "unknown_task")


def test_an_expired_deadline_is_told_so(house: House) -> None:
    expect_problem(house.check(deadline_ms=0), 504, "deadline_missed")
    expect_problem(house.check(headers={"X-Deadline-Ms": "soon"}), 422, "bad_parameter")


def test_refusals_are_counted_by_their_code(house: House) -> None:
    series = 'roadsight_robustness_requests_total{code="bad_parameter"}'
    before = metric(house.url, series)
    house.check("epsilon=nan")
    assert metric(house.url, series) == before + 1


def test_a_model_without_a_gradient_says_so(tmp_path: Path) -> None:
    registry = without_gradient(tmp_path)
    with serve(Settings(robustness_enabled=True), lambda _: registry) as url:
        response = httpx.post(f"{url}/v1/robustness", content=RED_PNG, headers=PNG)
        assert "without a gradient" in expect_problem(response, 422, "bad_parameter")


def test_where_several_tasks_are_served_one_must_be_named(tmp_path: Path) -> None:
    one = open_session(colours.save(tmp_path), "cpu")
    other = open_session(colours.save(tmp_path, name="shades", task="shade"), "cpu")
    with serve(Settings(robustness_enabled=True), lambda _: Registry({"colour": one, "shade": other})) as url:
        response = httpx.post(f"{url}/v1/robustness", content=RED_PNG, headers=PNG)
        assert "colour, shade" in expect_problem(response, 422, "bad_parameter")
        wrong = httpx.post(f"{url}/v1/robustness?task=shade&label=blue", content=RED_PNG, headers=PNG).json()
        assert (wrong["task"], wrong["verdict"]) == ("shade", "already_wrong")


def test_what_classify_calls_unknown_can_not_be_checked(tmp_path: Path) -> None:
    session = Overflowing(open_session(colours.save(tmp_path), "cpu"))
    with serve(Settings(robustness_enabled=True), lambda _: Registry({"colour": session})) as url:
        response = httpx.post(f"{url}/v1/robustness", content=RED_PNG, headers=PNG)
        assert "logits_not_finite" in expect_problem(response, 422, "bad_region")
