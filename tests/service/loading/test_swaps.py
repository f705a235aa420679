"""Models are swapped under a steady load, and no client notices anything but the version."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx

from pictures import BLUE, GREEN, RED, encoded, striped
from running import launched, until
from service.loading.house import (
    ADMIN,
    KEYS,
    NAMES,
    ask,
    house,
    load,
    load_next,
    loads,
    results,
    save,
    serves,
    while_loading,
)
from service.processes.lanes import Running, children, is_alive

STRIPES = encoded(striped(RED, GREEN, BLUE))
MANY = f"?top=1&regions={json.dumps([[40 * (i % 3), 0, 40 * (i % 3) + 40, 40] for i in range(60)])}"
ONE = "?top=1&regions=[[0,0,40,40],[40,0,80,40],[80,0,120,40]]"


def versions_seen(url: str, query: str, is_over: Event) -> set[str]:
    """Posts frames until all is over; each must be answered by one version, in its own words."""
    seen, headers = set(), ADMIN | {"Content-Type": "image/png", "X-Deadline-Ms": "15000"}
    with httpx.Client(verify=False, timeout=20) as client:
        while not is_over.wait(0.01):
            said = results(client.post(f"{url}/v1/classify{query}", content=STRIPES, headers=headers))
            (version,) = {each["version"] for each in said}
            assert [each["predictions"][0]["label"] for each in said] == list(NAMES[version]) * (len(said) // 3)
            seen.add(version)
    return seen


def processes(running: Running) -> list[int]:
    return [each for each in children(os.getpid()) if each not in running.others and is_alive(each)]


def test_each_frame_of_a_steady_load_is_answered_by_one_version(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    is_over = Event()
    with house(tmp_path, load_watch_seconds=0) as running, ThreadPoolExecutor(3) as pool:
        clients = [pool.submit(versions_seen, running.url, query, is_over) for query in (ONE, ONE, MANY)]
        try:
            for version in ("2.0.0", "1.0.0", "2.0.0"):
                (before,) = processes(running)
                answer = load_next(running.url, f"colours@{version}")
                assert (answer.status_code, answer.json()["version"]) == (200, version), answer.text
                assert serves(running.url) == version
                until(lambda gone=before: not is_alive(gone))  # type: ignore[misc]
                assert len(running.lanes) == 2
        finally:
            is_over.set()
        assert [client.result() for client in clients] == [{"1.0.0", "2.0.0"}] * 3
        assert loads(running.url, "loaded") == 3


def test_new_lanes_have_looked_at_a_frame_before_live_ones_come(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    with house(tmp_path, load_watch_seconds=0, lanes=2) as running:
        posted: list[httpx.Response] = []

        def post() -> httpx.Response:
            posted.append(ask(running.url))
            return posted[-1]

        assert while_loading(running, post).status_code == 200
        assert running.crops() == len(posted) + 2


def test_what_is_asked_for_by_version_follows(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    save(tmp_path, "3.0.0", name="shades", task="shade")
    with house(tmp_path, load_watch_seconds=0, models="shades,colours@1.0.0") as running:
        answer = load(running.url, "colours@2.0.0").json()
        assert (answer["before"], answer["compared"]) == ("colours@1.0.0", None)
        assert results(ask(running.url, query="?task=colour&version=2.0.0"))
        refused = ask(running.url, query="?task=colour&version=1.0.0")
        assert (refused.status_code, refused.json()["code"]) == (404, "unknown_version")
        both = ask(running.url).json()["regions"][0]["results"]
        assert [(each["task"], each["version"]) for each in both] == [("shade", "3.0.0"), ("colour", "2.0.0")]


def test_without_a_name_the_newest_of_what_serves_is_meant_and_twice_is_once(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    save(tmp_path, "3.0.0", name="shades")
    with house(tmp_path, load_watch_seconds=0, models="colours,") as running:
        assert serves(running.url) == "2.0.0"
        save(tmp_path, "3.0.0")
        assert load(running.url).json()["version"] == "3.0.0"
        assert load_next(running.url, "colours").json()["version"] == "3.0.0"
        before = processes(running)
        assert load(running.url).json()["version"] == "3.0.0"
        assert processes(running) == before
        assert loads(running.url, "loaded") == 1


def test_lanes_that_die_after_a_load_are_replaced_by_their_own_version(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    with house(tmp_path, load_watch_seconds=0) as running:
        assert load(running.url, "colours@2.0.0").status_code == 200
        until(lambda: len(processes(running)) == 1)
        save(tmp_path, "3.0.0")
        os.kill(running.zygote, 9)
        until(lambda: httpx.get(f"{running.url}/readyz", verify=False).status_code == 503)
        until(lambda: httpx.get(f"{running.url}/readyz", verify=False).status_code == 200)
        assert serves(running.url) == "2.0.0"


def test_a_service_that_stops_leaves_no_process_of_either_version(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    settings = {
        "ROADSIGHT_MODELS": "colours@1.0.0",
        "ROADSIGHT_KEYS": KEYS,
        "ROADSIGHT_PROVIDER": "cpu",
        "ROADSIGHT_LANES": "1",
    }
    save(tmp_path, "1.0.0")
    with launched(tmp_path, **settings) as (url, process):
        assert load(url, "colours@2.0.0").status_code == 200
        zygotes = children(process.pid)
        everybody = [*zygotes, *(lane for each in zygotes for lane in children(each))]
        process.terminate()
        assert process.wait(20) == 0
    assert not any(map(is_alive, everybody))
