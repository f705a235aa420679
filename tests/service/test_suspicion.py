"""`suspicion=true`: how far an answer hangs on detail, for three times the crops; nothing for who does not ask."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import numpy as np
import pytest

import colours
from checking import Overflowing
from models.robustness.colour_victim import flat, peppered
from pictures import encoded
from roadsight_models.robustness.squeezing import VERSIONS, suspicion
from roadsight_models.robustness.victim import Victim
from roadsight_models.session import open_session
from roadsight_service.errand import Errand
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.loading.relay import Relay
from roadsight_service.metrics import Clock, Metrics
from roadsight_service.pipeline import Pipeline
from roadsight_service.registry import Registry
from roadsight_service.room import SQUEEZED, Ask
from roadsight_service.schemas import AnswerOut
from roadsight_service.settings import Settings
from roadsight_service.thread_room import ThreadRoom
from roadsight_service.work import Job
from running import Watched, post, serve, until, watched_colours

TEMPERATURE = 0.1
CALM = flat(156, 123, 0)
FRAME = encoded(np.concatenate([peppered()[0], CALM[0]], axis=1))  # as large as the network's input: cut as they are
REGIONS = "regions=[[0,0,16,16],[16,0,32,16]]"
SUSPICION = f"?{REGIONS}&suspicion=true"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Watched]]:
    session = watched_colours(tmp_path_factory.mktemp("bundles"), temperature=TEMPERATURE)
    with serve(Settings(lanes=1), lambda _: Registry({"colour": session})) as url:
        yield url, session


@pytest.fixture(autouse=True)
def nothing_inferred_yet(service: tuple[str, Watched]) -> None:
    service[1].batches.clear()


def results(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    return [result for region in response.json()["regions"] for result in region["results"]]


def ask(service: tuple[str, Watched], query: str = SUSPICION) -> list[dict[str, Any]]:
    return results(post(service[0], body=FRAME, query=query))


def test_an_answer_that_hangs_on_single_pixels_is_suspicious_and_its_neighbour_is_not(
    service: tuple[str, Watched],
) -> None:
    told = [result["suspicion"] for result in ask(service)]
    expected = suspicion(Victim(service[1]), np.concatenate([peppered(), CALM]), TEMPERATURE)
    assert told == pytest.approx(expected.tolist(), abs=1e-6)
    assert told[0] > 1.5
    assert told[1] < 0.2


def test_the_answers_are_those_without_it(service: tuple[str, Watched]) -> None:
    with_it, without = ask(service), ask(service, f"?{REGIONS}")
    assert [result.pop("suspicion") for result in without] == [None, None]
    for result in with_it:
        result.pop("suspicion")
    assert with_it == without


@pytest.mark.parametrize(
    ("query", "batches"),
    [("", [2]), ("&suspicion=false", [2]), ("&suspicion=", [2]), ("&suspicion=true", [2 * VERSIONS])],
)
def test_it_costs_two_more_crops_a_region_and_nothing_if_it_is_off(
    service: tuple[str, Watched], query: str, batches: list[int]
) -> None:
    ask(service, f"?{REGIONS}{query}")
    assert service[1].batches == batches


def test_a_region_that_is_not_judged_has_none_and_costs_nothing(service: tuple[str, Watched]) -> None:
    first, second = ask(service, "?regions=[[0,0,2,2],[0,0,16,16]]&suspicion=true")
    assert (first["status"], first["suspicion"]) == ("unknown", None)
    assert second["suspicion"] > 1.5
    (alone,) = ask(service, "?regions=[[0,0,2,2]]&suspicion=true")
    assert alone["suspicion"] is None
    assert service[1].batches == [VERSIONS]


@pytest.mark.parametrize("said", ["1", "yes", "True", "maybe", "true&suspicion=true"])
def test_a_flag_that_is_none_is_refused_and_costs_nothing(service: tuple[str, Watched], said: str) -> None:
    refused = post(service[0], body=FRAME, query=f"?suspicion={said}")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_parameter")
    assert refused.json()["detail"].startswith("suspicion: ")
    assert service[1].batches == []


def test_a_form_asks_for_it_too_and_the_answer_is_what_the_docs_show(service: tuple[str, Watched]) -> None:
    fields = {"suspicion": "true", "regions": "[[0,0,16,16],[0,0,2,2]]"}
    answer = httpx.post(f"{service[0]}/v1/classify", files={"frame": FRAME}, data=fields).json()
    assert AnswerOut.model_validate(answer, extra="forbid").model_dump(mode="json") == answer
    assert answer["regions"][0]["results"][0]["suspicion"] > 1.5


def test_each_model_counts_by_its_own_temperature(tmp_path: Path) -> None:
    sharp = open_session(colours.save(tmp_path, temperature=TEMPERATURE), "cpu")
    dull = open_session(colours.save(tmp_path, name="shades", task="shade", temperature=100.0), "cpu")
    with serve(Settings(), lambda _: Registry({"colour": sharp, "shade": dull})) as url:
        first, second = results(post(url, body=FRAME, query="?regions=[[0,0,16,16]]&suspicion=true"))
        assert first["suspicion"] > 1.5
        assert 0 < second["suspicion"] < 0.1


def test_logits_that_are_not_finite_have_none(tmp_path: Path) -> None:
    session = Overflowing(open_session(colours.save(tmp_path), "cpu"))
    with serve(Settings(), lambda _: Registry({"colour": session})) as url:
        (told,) = results(post(url, body=FRAME, query="?suspicion=true"))
        assert (told["reason"], told["suspicion"]) == ("logits_not_finite", None)


def test_a_deadline_that_passes_spares_the_batches_that_are_left(tmp_path: Path) -> None:
    session = watched_colours(tmp_path)
    with (
        serve(Settings(lanes=1, batch_crops=2), lambda _: Registry({"colour": session})) as url,
        ThreadPoolExecutor(1) as pool,
    ):
        session.gate.clear()
        late = pool.submit(post, url, 1000, FRAME, SUSPICION)
        assert session.entered.wait(10)
        assert late.result().status_code == 504  # the gate is still shut
        session.gate.set()
        assert post(url).status_code == 200
        until(lambda: session.batches == [2, 1])


@pytest.mark.parametrize("provider", ["cpu", "cuda"], ids=["inline", "queued"])
async def test_the_queue_is_told_of_its_crops_and_both_batchers_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    session, metrics = watched_colours(tmp_path, temperature=TEMPERATURE), Metrics()
    session.provider = provider
    weights, put = list[int](), FrameQueue[Job, Errand].put

    def weigh(queue: FrameQueue[Job, Errand], job: Job) -> None:
        weights.append(job.weight)
        put(queue, job)

    monkeypatch.setattr(FrameQueue, "put", weigh)
    room = ThreadRoom(Registry({"colour": session}), Settings(lanes=1), metrics)
    await room.start()
    pipeline = Pipeline(Relay(room), metrics)
    told = [
        await pipeline.classify(FRAME, Ask(monotonic() + 10, "front", suspicion=wanted), Clock())
        for wanted in (False, True)
    ]
    await room.close(10)
    assert weights == [1 + 1, 1 + VERSIONS]
    assert [answer.seen.judgements[0][0].suspicion is None for answer in told] == [True, False]


def test_a_frame_is_told_to_weigh_what_squeezing_gives() -> None:
    assert SQUEEZED == VERSIONS
