"""How easily the shipped models are bent, through the real service and the real client."""

from collections.abc import Iterator

import pytest

from conftest import ROOT
from roadsight_client import Check, Client, Problem
from roadsight_models import scene
from roadsight_models.draw import encode
from roadsight_service.settings import Settings
from running import serve

DRAWN = scene.draw(3, signs=3, side=(40, 96))
FRAME, BOX = encode(DRAWN), DRAWN.signs[0].box
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    settings = Settings(bundles=ROOT / "models" / "bundles", provider="cpu", robustness_enabled=True)
    with serve(settings) as url, Client(url) as client:
        yield client


@pytest.mark.parametrize("task", ["traffic_sign", "road_object"])
def test_what_breaks_a_model_is_classified_as_the_check_said(client: Client, task: str) -> None:
    check = client.robustness(FRAME, BOX, task=task, epsilon="16/255", image=True, deadline_ms=PATIENCE_MS)
    assert check.verdict == "broken"
    assert check.adversarial is not None
    assert check.image is not None
    assert check.clean == client.classify(FRAME, [BOX], tasks=[task]).regions[0].results[0]
    assert check.adversarial == client.classify(check.image, tasks=[task]).regions[0].results[0]
    assert check.adversarial.predictions[0].label != check.clean.predictions[0].label


def test_a_sign_is_taken_for_another_of_the_attacker_s_choice_but_not_within_a_grey_level(client: Client) -> None:
    def aimed(epsilon: str) -> Check:
        return client.robustness(
            FRAME, BOX, task="traffic_sign", attack="pgd", target="stop", epsilon=epsilon, deadline_ms=PATIENCE_MS
        )

    near, far = aimed("1/255"), aimed("16/255")
    assert (near.verdict, far.verdict) == ("robust", "broken")
    assert far.adversarial is not None
    assert far.adversarial.predictions[0].label == "stop"


def test_what_is_proven_ends_short_of_what_breaks_it(client: Client) -> None:
    proof = client.robustness(FRAME, BOX, task="traffic_sign", attack="certify", deadline_ms=PATIENCE_MS)
    broken = client.robustness(FRAME, BOX, task="traffic_sign", epsilon="16/255", search=True, deadline_ms=PATIENCE_MS)
    assert proof.verdict == "certified"
    assert proof.certificate is not None
    assert broken.distance is not None
    assert proof.certificate.label == proof.clean.predictions[0].label == DRAWN.signs[0].label
    assert 0.1 < proof.certificate.radius < broken.distance.l2


def test_a_bent_answer_is_more_suspicious_than_the_picture_it_came_from_and_the_answer_stays(client: Client) -> None:
    check = client.robustness(FRAME, BOX, task="traffic_sign", image=True, deadline_ms=PATIENCE_MS)
    assert check.image is not None
    (clean,) = client.classify(FRAME, [BOX], tasks=["traffic_sign"], suspicion=True).regions[0].results
    (bent,) = client.classify(check.image, tasks=["traffic_sign"], suspicion=True).regions[0].results
    assert clean.suspicion is not None
    assert bent.suspicion is not None
    assert clean.suspicion < 0.1 < bent.suspicion
    assert (clean.predictions[0].label, bent.predictions[0].label) == (
        check.clean.predictions[0].label,
        check.adversarial and check.adversarial.predictions[0].label,
    )


def test_several_tasks_are_served_so_one_must_be_named(client: Client) -> None:
    with pytest.raises(Problem, match="road_object, traffic_sign"):
        client.robustness(FRAME, BOX)
