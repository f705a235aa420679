"""What `POST /v1/robustness` says of a model whose weaknesses are known to the grey level."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from checking import ENOUGH, ONE_LESS, RED_PNG, House, checking
from pictures import BLUE, GREEN, RED, encoded, striped
from roadsight_models.frame import decode
from roadsight_service.metrics import STAGES
from roadsight_service.robustness.schemas import CheckOut
from roadsight_service.routes.given import HEADERS
from roadsight_service.routes.intake import MAX_FIELDS
from roadsight_service.routes.question import QUERY
from running import PNG, metric


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with checking(tmp_path_factory.mktemp("bundles")) as house:
        yield house


def found(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    return dict(response.json())


def label(result: dict[str, Any]) -> str:
    return str(result["predictions"][0]["label"])


@pytest.mark.parametrize("attack", ["fgsm", "pgd", "quick"])
def test_a_picture_breaks_where_it_must_and_not_a_grey_level_before(house: House, attack: str) -> None:
    broken = found(house.check(f"attack={attack}&epsilon={ENOUGH}"))
    assert broken["verdict"] == "broken"
    assert label(broken["clean"]) == "red"
    assert label(broken["adversarial"]) in {"green", "blue"}
    assert broken["distance"]["linf"] == pytest.approx(128 / 255)
    assert found(house.check(f"attack={attack}&epsilon={ONE_LESS}"))["verdict"] == "robust"


def test_what_withstood_is_told_with_the_nearest_miss(house: House) -> None:
    answer = found(house.check(f"epsilon={ONE_LESS}&image=true"))
    assert label(answer["adversarial"]) == "red"
    assert answer["adversarial"]["predictions"][0]["probability"] < 0.5
    assert (answer["epsilon"], answer["image"]) == (127 / 255, None)


def test_without_an_epsilon_it_is_eight_grey_levels(house: House) -> None:
    answer = found(house.check())
    assert (answer["verdict"], answer["epsilon"]) == ("robust", 8 / 255)


def test_the_whole_answer_has_the_published_form(house: House) -> None:
    headers = {"X-Frame-Id": "17", "X-Camera-Id": "front", "X-Captured-At": "12"}
    body = encoded(striped(BLUE, RED))
    answer = found(house.check(f"region=[40,0,90,40]&attack=fgsm&epsilon={ENOUGH}", body, headers))
    read = CheckOut.model_validate(answer, extra="forbid").model_dump(mode="json")
    assert read == answer
    assert answer["frame"].pop("age_ms") > 0  # captured in 1970
    assert answer["frame"] == {"id": "17", "camera": "front", "captured_at": "12", "width": 80, "height": 40}
    assert (answer["region"], answer["task"], answer["version"]) == ([40, 0, 80, 40], "colour", "1.0.0")
    assert answer["clean"]["status"] == "ok"
    assert answer["spent"]["steps"] == 1
    assert tuple(answer["timings_ms"]) == STAGES
    assert answer["timings_ms"]["total"] >= answer["timings_ms"]["inference"] > 0


def test_the_picture_that_broke_it_is_classified_as_was_said(house: House) -> None:
    answer = found(house.check(f"epsilon={ENOUGH}&image=true"))
    picture = base64.b64decode(answer["image"])
    said = httpx.post(f"{house.url}/v1/classify", content=picture, headers=PNG).json()
    assert (said["frame"]["width"], said["frame"]["height"]) == (16, 16)
    assert said["regions"][0]["results"][0] == answer["adversarial"]
    assert np.array_equal(decode(picture).pixels, np.full((16, 16, 3), (127, 128, 128)))


def test_a_search_finds_the_smallest_epsilon(house: House) -> None:
    answer = found(house.check("attack=fgsm&epsilon=1&search=true&image=true"))
    assert (answer["verdict"], answer["epsilon"]) == ("broken", 128 / 255)
    assert answer["distance"]["linf"] == pytest.approx(128 / 255)
    assert answer["image"]
    assert answer["spent"]["steps"] <= 9


def test_a_search_that_finds_nothing_says_how_far_it_looked(house: House) -> None:
    answer = found(house.check("attack=fgsm&epsilon=0.25&search=true"))
    assert (answer["verdict"], answer["epsilon"], answer["spent"]["steps"]) == ("robust", 0.25, 1)


def test_in_l2_the_distance_is_over_all_values(house: House) -> None:
    # The nearest: 256 values of red and as many of another colour move by half, which is the root of 128 in all.
    assert found(house.check("norm=l2&epsilon=11&attack=pgd"))["verdict"] == "robust"
    broken = found(house.check("norm=l2&epsilon=14.5&attack=pgd"))
    assert broken["verdict"] == "broken"
    assert 11.3 < broken["distance"]["l2"] <= 14.5


@pytest.mark.parametrize("green", ["green", "1"])
def test_a_target_by_name_or_number_is_what_it_is_taken_for(house: House, green: str) -> None:
    answer = found(house.check(f"epsilon={ENOUGH}&attack=pgd&target={green}"))
    assert (answer["verdict"], label(answer["adversarial"])) == ("broken", "green")


@pytest.mark.parametrize("blue", ["blue", "2"])
def test_what_is_wrong_already_is_not_attacked(house: House, blue: str) -> None:
    before = house.gradient.steps
    answer = found(house.check(f"label={blue}&image=true&search=true"))
    assert (answer["verdict"], label(answer["clean"])) == ("already_wrong", "red")
    assert [answer[name] for name in ("adversarial", "distance", "epsilon", "image")] == [None] * 4
    assert (answer["spent"]["steps"], answer["spent"]["queries"]) == (0, 1)
    assert house.gradient.steps == before


def test_the_true_label_changes_nothing(house: House) -> None:
    assert found(house.check("label=red"))["verdict"] == "robust"


def test_quick_stops_at_the_first_attack_that_breaks(house: House) -> None:
    assert found(house.check(f"epsilon={ENOUGH}"))["spent"]["steps"] == 1
    assert found(house.check("epsilon=8/255"))["spent"]["steps"] == 1 + 10


def test_steps_and_restarts_are_the_clients_to_choose(house: House) -> None:
    before = house.gradient.steps
    assert found(house.check("attack=pgd&steps=3&restarts=4"))["spent"]["steps"] == 12
    assert house.gradient.steps == before + 12


def test_the_same_seed_gives_the_same_picture(house: House) -> None:
    query = "attack=pgd&epsilon=0.9&steps=20&image=true&seed="
    first, again, other = (found(house.check(query + seed))["image"] for seed in ("7", "7", "8"))
    assert first == again != other


def test_a_form_has_every_parameter_of_an_attack_as_a_field(house: House) -> None:
    asked = f"task=colour&version=1.0.0&region=[0,0,40,40]&epsilon={ENOUGH}&attack=pgd&norm=linf&steps=5"
    asked += "&restarts=2&seed=1&label=red&target=blue&search=false&image=true"
    said = {"frame_id": "17", "camera_id": "c", "captured_at": "12", "deadline_ms": "9000"}
    fields = dict(pair.split("=") for pair in asked.split("&")) | said
    assert set(fields) == {*QUERY, *HEADERS} - {"sigma", "n"}
    assert len({*QUERY, *HEADERS}) <= MAX_FIELDS
    response = httpx.post(f"{house.url}/v1/robustness", files={"frame": RED_PNG}, data=fields)
    answer = found(response)
    assert (answer["verdict"], answer["frame"]["id"]) == ("broken", "17")
    assert label(answer["adversarial"]) == "blue"
    refused = httpx.post(f"{house.url}/v1/robustness", files={"frame": RED_PNG}, data=fields | {"sigma": "1", "n": "9"})
    assert refused.json()["detail"].startswith("sigma: ")


def test_what_was_asked_and_spent_is_counted(house: House) -> None:
    robust, steps = 'roadsight_robustness_requests_total{code="robust"}', "roadsight_robustness_steps_total"
    before = (
        metric(house.url, robust),
        metric(house.url, steps),
        metric(house.url, "roadsight_robustness_seconds_count"),
    )
    house.check("attack=pgd&steps=3", encoded(striped(GREEN)))
    assert metric(house.url, robust) == before[0] + 1
    assert metric(house.url, steps) == before[1] + 3
    assert metric(house.url, "roadsight_robustness_seconds_count") == before[2] + 1
    assert metric(house.url, "roadsight_robustness_running") == 0
