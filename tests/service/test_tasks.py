"""Two models serve two tasks at one time, each by its own input size, labels and version."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnx
import pytest

import colours
from pictures import BLUE, GREEN, RED, encoded, striped
from roadsight_models.errors import BadBundle
from roadsight_models.session import open_session
from roadsight_service.registry import Registry, open_registry
from roadsight_service.settings import Settings
from running import PNG, Watched, Wire, head, metric, post, serve, until, watched_colours

FRAME = encoded(striped(RED, GREEN, BLUE))
REGIONS = "[[0,0,40,40],[80,0,120,40]]"
SHADES = ("crimson", "lime", "navy")


def shades(root: Path) -> Watched:
    """Another model: it sees 24 x 8 pixels, has labels of its own, and judges no box under 10 pixels."""
    graph = onnx.load_from_string(colours.graph())
    for dimension, value in ((1, 8), (2, 24)):
        graph.graph.input[0].type.tensor_type.shape.dim[dimension].dim_value = value
    frames, golden = np.full((2, 8, 24, 3), 100, np.uint8), io.BytesIO()
    np.savez(golden, frames=frames, logits=np.full((2, 3), 100 * 12 / 255, np.float32))
    rule = colours.manifest().input.model_copy(update={"width": 24, "height": 8, "min_side": 10})
    files = {"classifier.onnx": graph.SerializeToString(), "golden.npz": golden.getvalue()}
    about = {"name": "shades", "task": "shade", "version": "2.1.0", "labels": SHADES, "input": rule.model_dump()}
    return Watched(open_session(colours.save(root, files, **about), "cpu"))


Running = tuple[str, Watched, Watched]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("bundles")
    colour, shade = watched_colours(root), shades(root)
    # One lane, so that one model works after the other.
    with serve(Settings(lanes=1), lambda _: Registry({"colour": colour, "shade": shade})) as url:
        yield url, colour, shade


@pytest.fixture(autouse=True)
def nothing_inferred_yet(service: Running) -> None:
    service[1].batches.clear()
    service[2].batches.clear()


def ask(service: Running, query: str = "") -> httpx.Response:
    return httpx.post(f"{service[0]}/v1/classify?regions={REGIONS}{query}", content=FRAME, headers=PNG)


def told(response: httpx.Response) -> list[list[tuple[str, str, str]]]:
    def one(result: dict[str, Any]) -> tuple[str, str, str]:
        return result["task"], result["version"], result["predictions"][0]["label"]

    return [[one(result) for result in region["results"]] for region in response.json()["regions"]]


RED_COLOUR, BLUE_COLOUR = ("colour", "1.0.0", "red"), ("colour", "1.0.0", "blue")
RED_SHADE, BLUE_SHADE = ("shade", "2.1.0", "crimson"), ("shade", "2.1.0", "navy")


def test_each_region_is_judged_by_every_model(service: Running) -> None:
    assert told(ask(service)) == [[RED_COLOUR, RED_SHADE], [BLUE_COLOUR, BLUE_SHADE]]
    assert (service[1].batches, service[2].batches) == ([2], [2])


def test_a_task_that_was_not_asked_for_costs_nothing(service: Running) -> None:
    assert told(ask(service, "&task=shade")) == [[RED_SHADE], [BLUE_SHADE]]
    assert (service[1].batches, service[2].batches) == ([], [2])


def test_tasks_answer_in_the_order_they_were_asked_for(service: Running) -> None:
    assert told(ask(service, "&task=shade&task=colour"))[0] == [RED_SHADE, RED_COLOUR]


def test_a_task_asked_for_twice_answers_once(service: Running) -> None:
    assert told(ask(service, "&task=shade&task=colour&task=shade"))[0] == [RED_SHADE, RED_COLOUR]
    assert (service[1].batches, service[2].batches) == ([2], [2])


def test_one_unknown_task_among_known_ones_refuses_all(service: Running) -> None:
    refused = ask(service, "&task=shade&task=smell")
    assert (refused.json()["code"], refused.json()["tasks"]) == ("unknown_task", ["colour", "shade"])
    assert service[2].batches == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("&task=shade&version=2.1.0", 200),
        ("&task=colour&version=1.0.0", 200),
        ("&task=colour&version=2.1.0", 404),
        ("&version=1.0.0", 404),  # both tasks answer, and one of them has another version
    ],
)
def test_a_version_must_be_that_of_every_model_that_answers(service: Running, query: str, status: int) -> None:
    assert ask(service, query).status_code == status


def test_a_box_can_be_too_small_for_one_model_and_not_for_the_other(service: Running) -> None:
    url = f"{service[0]}/v1/classify?regions=[[0,0,6,40],[0,0,40,40]]"
    first, second = httpx.post(url, content=FRAME, headers=PNG).json()["regions"]
    assert [(r["status"], r["reason"]) for r in first["results"]] == [("ok", None), ("unknown", "region_too_small")]
    assert [r["predictions"][0]["label"] for r in second["results"]] == ["red", "crimson"]


def test_each_task_has_its_own_series(service: Running) -> None:
    ask(service)
    for name in ('predictions_total{label="navy",task="shade"}', 'confidence_count{task="colour"}'):
        assert metric(service[0], f"roadsight_{name}") > 0
    assert metric(service[0], 'roadsight_predictions_total{label="navy",task="colour"}') == 0
    assert metric(service[0], "roadsight_model_info") == 2


def test_both_models_are_listed_and_ready(service: Running) -> None:
    for route in ("/v1/models", "/readyz"):
        models = httpx.get(service[0] + route).json()["models"]
        assert [(m["task"], m["version"]) for m in models] == [("colour", "1.0.0"), ("shade", "2.1.0")]


def test_one_model_that_fails_spoils_only_the_frames_that_need_it(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(service[2], "_runner", None)
        assert ask(service).status_code == 500
        assert told(ask(service, "&task=colour")) == [[RED_COLOUR], [BLUE_COLOUR]]
    assert told(ask(service))[0] == [RED_COLOUR, RED_SHADE]


def test_a_client_that_leaves_while_one_model_works_spares_the_other(service: Running) -> None:
    url, colour, shade = service
    colour.gate.clear()
    colour.entered.clear()
    with Wire(url) as camera:
        camera.send(head(length=len(FRAME)), FRAME)
        assert colour.entered.wait(10)
    until(lambda: metric(url, 'roadsight_requests_total{code="499"') == 1)
    colour.gate.set()
    assert ask(service, "&task=colour").status_code == 200
    until(lambda: colour.batches == [1, 2])
    assert shade.batches == []


def test_a_deadline_that_passes_while_one_model_works_spares_the_other(service: Running) -> None:
    colour, shade = service[1:]
    colour.gate.clear()
    assert post(service[0], deadline_ms=100).status_code == 504
    colour.gate.set()
    assert ask(service, "&task=colour").status_code == 200
    assert shade.batches == []


def test_a_damaged_second_bundle_stops_the_start_and_is_named(tmp_path: Path) -> None:
    colours.save(tmp_path)
    damaged = shades(tmp_path).bundle.folder / "golden.npz"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.raises(BadBundle, match=r"shades.2\.1\.0.golden\.npz"):
        open_registry(Settings(bundles=tmp_path, provider="cpu"))
    chosen = open_registry(Settings(bundles=tmp_path, provider="cpu", models=("colours",)))
    assert list(chosen.sessions) == ["colour"]  # what is not chosen can't do harm


def test_models_serve_in_the_order_they_were_chosen(tmp_path: Path) -> None:
    colours.save(tmp_path)
    shades(tmp_path)
    chosen = open_registry(Settings(bundles=tmp_path, provider="cpu", models=("shades@2.1.0", "colours")))
    assert list(chosen.sessions) == ["shade", "colour"]
    with pytest.raises(BadBundle, match="served already"):
        open_registry(Settings(bundles=tmp_path, provider="cpu", models=("shades", "shades@2.1.0")))
    with pytest.raises(BadBundle, match=r"9\.9\.9"):
        open_registry(Settings(bundles=tmp_path, provider="cpu", models=("shades@9.9.9",)))
