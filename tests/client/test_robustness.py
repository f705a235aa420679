"""The client's question how easily an answer is bent, to the real service and to others."""

import copy
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from checking import RED_PNG, checking
from pictures import RED, encoded, striped
from roadsight_client import Check, Client, Distance, Problem, Spent
from roadsight_client.checks import parse

RESULT = {"task": "colour", "version": "1.0.0", "status": "ok", "reason": None,
          "predictions": [{"label": "red", "index": 0, "probability": 0.9}]}  # fmt: skip
ANSWER: dict[str, Any] = {
    "frame": {"id": "17", "camera": None, "captured_at": None, "width": 40, "height": 30},
    "region": [0, 0, 40, 30],
    "task": "colour",
    "version": "1.0.0",
    "verdict": "broken",
    "clean": RESULT,
    "adversarial": RESULT,
    "distance": {"linf": 0.5, "l2": 3.0},
    "epsilon": 0.5,
    "spent": {"steps": 1, "queries": 3, "seconds": 0.1},
    "image": "iVBORw==",
    "timings_ms": {"total": 1.5},
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    keys = json.dumps({hashlib.sha256(b"lab").hexdigest(): ["classify", "robustness"]})
    with checking(tmp_path_factory.mktemp("bundles"), keys=keys) as house, Client(house.url, key="lab") as client:
        yield client


def test_a_check_is_typed(client: Client) -> None:
    check = client.robustness(RED_PNG, (0, 0, 40, 40), epsilon="128/255", image=True, label="red", frame_id="17")
    assert (check.verdict, check.task, check.frame.id) == ("broken", "colour", "17")
    assert check.adversarial is not None
    assert check.clean.predictions[0].label == "red" != check.adversarial.predictions[0].label
    assert check.distance is not None
    assert check.distance.linf == pytest.approx(128 / 255)
    assert check.image is not None
    assert client.classify(check.image).regions[0].results[0] == check.adversarial


def test_what_withstood_and_what_was_wrong_already_are_read(client: Client) -> None:
    assert client.robustness(RED_PNG, epsilon=0.1, attack="fgsm").image is None
    wrong = client.robustness(RED_PNG, label=2, search=True)
    assert (wrong.verdict, wrong.adversarial, wrong.distance, wrong.epsilon) == ("already_wrong", None, None, None)


def test_a_certificate_is_typed(client: Client) -> None:
    check = client.robustness(RED_PNG, attack="certify", sigma="64/255", n=100, label="red", seed=1)
    assert (check.verdict, check.adversarial, check.epsilon) == ("certified", None, None)
    found = check.certificate
    assert found is not None
    assert (found.label, found.index, found.sigma, found.n, found.votes) == ("red", 0, 64 / 255, 100, 100)
    assert 0 < found.radius < 3 * found.sigma
    split = client.robustness(encoded(striped((128, 128, 60))), attack="certify", n=100).certificate
    assert split is not None
    assert (split.label, split.radius) == (None, 0)
    assert client.robustness(RED_PNG, attack="fgsm").certificate is None


def test_a_refusal_carries_the_stable_code(client: Client) -> None:
    with pytest.raises(Problem, match="422 bad_parameter"):
        client.robustness(RED_PNG, epsilon="8/0")
    with pytest.raises(Problem, match="404 unknown_task"):
        client.robustness(RED_PNG, task="smell")
    with Client(client.url) as stranger, pytest.raises(Problem, match="401 unauthorized"):
        stranger.robustness(RED_PNG)
    with pytest.raises(Problem, match="504 deadline_missed"):
        client.robustness(RED_PNG, deadline_ms=0)


def sent(region: Any = None, **said: Any) -> httpx.Request:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=ANSWER)

    with Client("http://service", transport=httpx.MockTransport(answer)) as client:
        client.robustness(encoded(striped(RED)), region, **said)
    return requests[0]


def test_a_call_that_says_nothing_asks_nothing_but_a_deadline() -> None:
    request = sent()
    assert str(request.url) == "http://service/v1/robustness"
    assert (request.headers["content-type"], request.headers["x-deadline-ms"]) == ("image/png", "10000")
    assert "authorization" not in request.headers


def test_every_parameter_arrives_where_the_service_reads_it() -> None:
    said = {"task": "colour", "attack": "pgd", "epsilon": 1e-05, "norm": "l2", "steps": 3, "restarts": 2, "seed": 7,
            "label": 0, "target": "blue"}  # fmt: skip
    params = dict(sent(np.array([0, 0.5, 9, 9]), search=True, image=True, **said).url.params)
    assert params == {name: str(value) for name, value in said.items()} | {
        "search": "true",
        "image": "true",
        "region": "[0.0, 0.5, 9.0, 9.0]",
    }
    certify = {"attack": "certify", "sigma": 0.25, "n": 100}
    assert dict(sent(**certify).url.params) == {name: str(value) for name, value in certify.items()}


def test_an_answer_is_read_whole_and_newer_fields_are_ignored() -> None:
    check = parse(ANSWER | {"newer": 1})
    assert isinstance(check, Check)
    assert (check.distance, check.spent) == (Distance(0.5, 3.0), Spent(1, 3, 0.1))
    assert check.image == b"\x89PNG"
    assert check.certificate is None  # which an older service does not know of


@pytest.mark.parametrize("name", ANSWER)
def test_an_answer_that_lacks_a_field_is_no_answer_of_roadsight(name: str) -> None:
    damaged = copy.deepcopy(ANSWER)
    del damaged[name]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=damaged))
    with Client("http://service", transport=transport) as client, pytest.raises(Problem, match="200 not_roadsight"):
        client.robustness(b"")


def test_an_image_that_is_no_base64_is_no_answer_of_roadsight() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER | {"image": "?"}))
    with Client("http://service", transport=transport) as client, pytest.raises(Problem, match="200 not_roadsight"):
        client.robustness(b"")
