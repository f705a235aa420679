"""What can't be loaded changes nothing, and says why."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import colours
from keys import make_pair
from roadsight_models.signing import sign_bundle
from roadsight_service.registry import open_registry
from roadsight_service.settings import Settings
from running import Wire, metric, serve, until
from service.loading.house import ADMIN, CAR, KEYS, house, load, loads, save, serves
from service.processes.lanes import Running

Refusal = tuple[int, str]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("bundles")
    damaged = save(root, "2.0.0") / "classifier.onnx"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    wrong = colours.npz(frames=colours.crops(4), logits=-colours.answers(colours.crops(4)))
    save(root, "3.0.0", {"golden.npz": wrong})
    save(root, "3.0.0", name="shades", task="shade")
    save(root, "1.0.0", {"classifier.onnx": b"no graph"}, name="nothing")
    (root / "colours" / "4.0.0").mkdir()
    (root / "colours" / "4.0.0" / "manifest.json").write_text("{}")
    with house(root) as started:
        yield started


@pytest.mark.parametrize(
    ("bundle", "status", "code", "told"),
    [
        ("colours@2.0.0", 422, "load_failed", "bad_bundle: "),
        ("colours@3.0.0", 422, "load_failed", "golden_mismatch: "),
        ("colours@4.0.0", 422, "load_failed", "bad_bundle: "),
        ("nothing", 422, "load_failed", "provider_missing: "),
        ("colours@9.0.0", 404, "unknown_bundle", "there are: colours@1.0.0, colours@2.0.0, colours@3.0.0"),
        ("smells", 404, "unknown_bundle", "no bundle 'smells'"),
        ("shades", 422, "bad_parameter", "is for task 'shade'"),
    ],
)
def test_a_bundle_that_can_not_serve_leaves_what_serves(
    running: Running, bundle: str, status: int, code: str, told: str
) -> None:
    before, failed = (running.zygote, running.lanes), loads(running.url, "failed")
    refused = load(running.url, bundle)
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert told in refused.json()["detail"]
    assert refused.headers["content-type"] == "application/problem+json"
    if code == "load_failed":
        assert refused.json()["reason"] == told.removesuffix(": ")
    assert loads(running.url, "failed") == failed + 1
    assert serves(running.url) == "1.0.0"
    assert (running.zygote, running.lanes) == before


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        (b'{"bundle": "../colours"}', 422, "bad_parameter"),
        (b'{"bundle": "colours@1"}', 422, "bad_parameter"),
        (b'{"bundle": 7}', 422, "bad_parameter"),
        (b'{"bundel": "colours"}', 422, "bad_parameter"),
        (b'{"shadow_frames": -1}', 422, "bad_parameter"),
        (b'{"max_disagreement": 0.1}', 422, "bad_parameter"),
        (b'{"shadow_frames": 1, "max_disagreement": NaN}', 422, "bad_parameter"),
        (b'{"canary": 0}', 422, "bad_parameter"),
        (b'{"canary": 1}', 422, "bad_parameter"),
        (b'{"canary_seconds": 60}', 422, "bad_parameter"),
        (b"[]", 422, "bad_parameter"),
        (b"colours@2.0.0", 422, "bad_parameter"),
        (b" " * 5000, 413, "too_large"),
    ],
)
def test_a_body_that_can_not_be_read_is_refused(running: Running, said: bytes, status: int, code: str) -> None:
    refused = httpx.post(f"{running.url}/v1/models/colour/load", content=said, headers=ADMIN, verify=False)
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text


def test_a_client_that_hangs_up_in_its_body_is_no_fault_of_ours(running: Running) -> None:
    ended = 'roadsight_requests_total{code="499",route="/v1/models/{task}/load"}'
    with Wire(running.url) as wire:
        head = f"POST /v1/models/colour/load HTTP/1.1\r\nHost: x\r\nAuthorization: {ADMIN['Authorization']}\r\n"
        wire.send(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    until(lambda: metric(running.url, ended) == 1)


def test_where_the_settings_pin_a_version_its_name_means_that(running: Running) -> None:
    assert load(running.url).json()["version"] == load(running.url, "colours").json()["version"] == "1.0.0"
    assert loads(running.url, "loaded") == 0


def test_a_task_that_nobody_serves_is_unknown(running: Running) -> None:
    refused = load(running.url, task="smell")
    assert (refused.status_code, refused.json()["code"], refused.json()["tasks"]) == (404, "unknown_task", ["colour"])


@pytest.mark.parametrize(
    ("headers", "refusal"), [({}, (401, "unauthorized")), (CAR, (403, "forbidden"))], ids=["no key", "another scope"]
)
def test_it_takes_a_key_for_it(running: Running, headers: dict[str, str], refusal: Refusal) -> None:
    refused = httpx.post(f"{running.url}/v1/models/colour/load", headers=headers, verify=False)
    assert (refused.status_code, refused.json()["code"]) == refusal


def test_without_keys_nobody_may(tmp_path: Path) -> None:
    with house(tmp_path, keys=None) as running:
        refused = load(running.url)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert "ROADSIGHT_KEYS" in refused.json()["detail"]


def test_with_trusted_keys_a_bundle_must_be_signed(tmp_path: Path) -> None:
    ours, root = make_pair(tmp_path, "ours"), tmp_path / "bundles"
    for version in ("1.0.0", "3.0.0"):
        sign_bundle(save(root, version), ours.private)
    save(root, "2.0.0")
    with house(root, trusted_keys=str(ours.public)) as running:
        assert load(running.url, "colours@2.0.0").json()["reason"] == "untrusted_bundle"
        assert serves(running.url) == "1.0.0"
        assert load(running.url, "colours@3.0.0").status_code == 200
        assert serves(running.url) == "3.0.0"


def test_lanes_that_are_threads_keep_their_models(tmp_path: Path) -> None:
    save(tmp_path, "1.0.0")
    settings = Settings.model_validate({"bundles": tmp_path, "provider": "cpu", "keys": KEYS})
    with serve(settings, open_registry) as url:
        refused = load(url)
        assert (refused.status_code, refused.json()["code"]) == (409, "load_unsupported")
        assert "threads" in refused.json()["detail"]
