"""What a camera sees of the service, over a real socket."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import httpx
import numpy as np
import pytest

from pictures import BLUE, GREEN, RED, encoded, striped
from roadsight_models.frame import decode
from roadsight_service import examine
from roadsight_service.metrics import STAGES
from roadsight_service.schemas import AnswerOut
from running import Watched, serve_watched


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Watched]]:
    with serve_watched(tmp_path_factory.mktemp("bundles"), lanes=2) as running:
        yield running


STRIPES = striped(RED, GREEN, BLUE)


def classify(service: tuple[str, Watched], query: dict[str, str] | None = None, **headers: str) -> dict[str, Any]:
    response = httpx.post(
        f"{service[0]}/v1/classify",
        content=encoded(STRIPES),
        params=query,
        headers={"Content-Type": "image/png"} | {name.replace("_", "-"): value for name, value in headers.items()},
    )
    assert response.status_code == 200, response.text
    return dict(response.json())


def labels(answer: dict[str, Any]) -> list[str]:
    return [region["results"][0]["predictions"][0]["label"] for region in answer["regions"]]


def test_each_region_is_judged_and_a_box_partly_outside_is_clipped(service: tuple[str, Watched]) -> None:
    answer = classify(service, {"regions": "[[80,0,200,40],[0,0,40,40],[40,0,80,40]]"})
    assert labels(answer) == ["blue", "red", "green"]
    assert answer["regions"][0]["box"] == [80, 0, 120, 40]


def test_the_whole_answer_has_the_published_form(service: tuple[str, Watched]) -> None:
    answer = classify(
        service,
        {"regions": '[{"box":[0,0,40,40],"track":"7"},[0,0,3,3]]', "top": "1"},
        X_Frame_Id="17",
        X_Camera_Id="front",
        X_Captured_At="2026-05-04T10:00:00.120Z",
    )
    timings = answer.pop("timings_ms")
    assert answer["frame"].pop("age_ms") > 0
    fused = answer["regions"][0]["results"][0].pop("fused")
    probability = answer["regions"][0]["results"][0]["predictions"][0].pop("probability")
    assert fused["predictions"][0].pop("probability") == pytest.approx(probability)
    assert fused == {"frames": 1, "status": "ok", "predictions": [{"label": "red", "index": 0}]}
    assert probability == pytest.approx(1 / (1 + 2 * np.exp(-12)))
    assert answer == {
        "frame": {"id": "17", "camera": "front", "captured_at": "2026-05-04T10:00:00.120Z", "width": 120, "height": 40},
        "regions": [
            {
                "box": [0, 0, 40, 40],
                "track": "7",
                "results": [
                    {
                        "task": "colour",
                        "version": "1.0.0",
                        "status": "ok",
                        "reason": None,
                        "predictions": [{"label": "red", "index": 0}],
                        "suspicion": None,
                    }
                ],
            },
            {
                "box": [0, 0, 3, 3],
                "track": None,
                "results": [
                    {
                        "task": "colour",
                        "version": "1.0.0",
                        "status": "unknown",
                        "reason": "region_too_small",
                        "predictions": [],
                        "suspicion": None,
                        "fused": None,
                    }
                ],
            },
        ],
    }
    assert tuple(timings) == STAGES
    assert timings["total"] >= timings["decode"] > 0


def test_the_answer_is_what_the_docs_show(service: tuple[str, Watched]) -> None:
    answer = classify(service, {"regions": '[{"box":[0,0,40.5,40],"track":"7"},[0,0,3,3]]'}, X_Frame_Id="17")
    assert AnswerOut.model_validate(answer, extra="forbid").model_dump(mode="json") == answer


def test_without_regions_the_whole_frame_is_judged(service: tuple[str, Watched]) -> None:
    answer = classify(service, {"top": "0"})
    (region,) = answer["regions"]
    assert region["box"] == [0, 0, 120, 40]
    assert region["results"][0]["status"] == "uncertain"
    assert sum(p["probability"] for p in region["results"][0]["predictions"]) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("kind", [".png", ".jpg", ".webp"])
def test_every_accepted_kind_of_picture(service: tuple[str, Watched], kind: str) -> None:
    media = {"Content-Type": f"image/{kind[1:].replace('jpg', 'jpeg')}"}
    response = httpx.post(f"{service[0]}/v1/classify", content=encoded(striped(GREEN), kind), headers=media)
    assert labels(response.json()) == ["green"]


def test_a_form_answers_as_the_body_does(service: tuple[str, Watched]) -> None:
    fields = {"regions": "[[0,0,40,40]]", "top": "0", "frame_id": "17", "camera_id": "c", "captured_at": "12"}
    form = httpx.post(
        f"{service[0]}/v1/classify", files={"frame": encoded(STRIPES)}, data=fields | {"deadline_ms": "4000"}
    ).json()
    body = classify(
        service, {"regions": "[[0,0,40,40]]", "top": "0"}, X_Frame_Id="17", X_Camera_Id="c", X_Captured_At="12"
    )
    assert form.pop("timings_ms").keys() == body.pop("timings_ms").keys()
    assert form["frame"].pop("age_ms") < body["frame"].pop("age_ms")
    assert form == body


@pytest.mark.parametrize("when", ["1777888800000000000", "2026-05-04T12:00:00+02:00", "2026-05-04T10:00:00.123456789Z"])
def test_capture_times_are_echoed_as_sent(service: tuple[str, Watched], when: str) -> None:
    assert classify(service, X_Captured_At=when)["frame"]["captured_at"] == when


def test_one_frame_is_decoded_once_and_its_regions_are_inferred_in_a_batch_for_each_free_lane(
    service: tuple[str, Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = Mock(wraps=decode)
    monkeypatch.setattr(examine, "decode", decoder)
    service[1].batches.clear()
    classify(service, {"regions": "[[0,0,40,40],[40,0,80,40],[80,0,120,40],[0,0,2,2]]"})
    assert decoder.call_count == 1
    assert sorted(service[1].batches) == [1, 2]  # two lanes, three regions that can be judged


def test_a_frame_whose_regions_are_all_too_small_costs_no_inference(service: tuple[str, Watched]) -> None:
    service[1].batches.clear()
    answer = classify(service, {"regions": "[[0,0,2,2]]"})
    assert answer["regions"][0]["results"][0]["status"] == "unknown"
    assert service[1].batches == []


def test_a_named_task_and_version_answer(service: tuple[str, Watched]) -> None:
    assert labels(classify(service, {"task": "colour", "version": "1.0.0", "regions": "[[0,0,40,40]]"})) == ["red"]


def test_the_models_route_tells_what_serves(service: tuple[str, Watched]) -> None:
    (model,) = httpx.get(f"{service[0]}/v1/models").json()["models"]
    assert model["task"] == "colour"
    assert model["labels"] == ["red", "green", "blue"]
    assert (model["provider"], model["precision"], model["version"]) == ("cpu", "float32", "1.0.0")
    assert model["digest"] == service[1].manifest.digest


def test_the_docs_show_the_route_and_its_problems(service: tuple[str, Watched]) -> None:
    assert httpx.get(f"{service[0]}/docs").status_code == 200
    route = httpx.get(f"{service[0]}/openapi.json").json()["paths"]["/v1/classify"]["post"]
    assert set(route["requestBody"]["content"]) >= {"image/jpeg", "multipart/form-data"}
    assert {"400", "404", "413", "415", "422", "429", "503", "504"} <= route["responses"].keys()
