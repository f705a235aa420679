"""A raw camera buffer is answered as the same picture in a file, wherever a picture may stand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from checking import ENOUGH, checking
from pictures import BLUE, GREEN, RED, encoded, noise, striped
from raw_frames import raw
from running import post
from service.processes.lanes import serve_processes

STRIPES = striped(RED, GREEN, BLUE)
PADDED = raw(STRIPES, "bgra", padding=12)
QUERY = "?regions=[[0,0,40,40],[90.5,3,120,40]]&top=0"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_processes(tmp_path_factory.mktemp("bundles"), max_pixels=10_000, robustness_enabled=True) as running:
        yield running.url


def told(response: httpx.Response) -> dict[str, Any]:
    answer = dict(response.json())
    answer.pop("timings_ms", None)
    return answer


@pytest.mark.parametrize("form", ["bgra", "bgr", "rgb"])
def test_the_answer_is_that_of_the_same_pixels_in_a_png(url: str, form: str) -> None:
    picture = noise(60, 40)
    body, kind = raw(picture, form, padding=7)
    assert told(post(url, body=body, Content_Type=kind, query="?top=0")) == told(
        post(url, body=encoded(picture), query="?top=0")
    )


def test_in_a_form_the_part_says_how_it_lies(url: str) -> None:
    body, kind = PADDED
    form = httpx.post(f"{url}/v1/classify{QUERY}", files={"frame": ("frame.raw", body, kind)})
    assert told(form) == told(post(url, body=encoded(STRIPES), query=QUERY))


def test_threads_and_checks_of_robustness_take_it_too(tmp_path: Path) -> None:
    with checking(tmp_path) as house:
        body, kind = PADDED
        headers = {"Content-Type": kind}
        assert told(post(house.url, body=body, Content_Type=kind, query=QUERY)) == told(
            post(house.url, body=encoded(STRIPES), query=QUERY)
        )
        query = f"region=[0,0,40,40]&attack=fgsm&epsilon={ENOUGH}"
        assert house.check(query, body, headers).json()["verdict"] == "broken"


def test_a_check_in_a_process_of_its_own_takes_it_too(url: str) -> None:
    body, kind = PADDED
    query = "region=[0,0,40,40]&attack=certify&n=50"
    checked = httpx.post(f"{url}/v1/robustness?{query}", content=body, headers={"Content-Type": kind}, timeout=20)
    assert checked.json()["verdict"] == "certified"


@pytest.mark.parametrize(
    ("kind", "body", "status", "detail"),
    [
        ("format=bgr; width=20; height=20", bytes(1199), 400, "20 rows of 60 bytes, 1200 in all; 1199 came"),
        ("format=bgr; width=200; height=200", b"", 413, "200 x 200 pixels; at most 10000"),
        ("format=yuyv; width=20; height=20", bytes(800), 415, "bgra, bgr, rgb, gray, nv12"),
        ("format=bgr; width=20", bytes(1200), 415, "height='' is no whole number"),
    ],
)
def test_what_does_not_fit_is_told_what_was_expected(
    url: str, kind: str, body: bytes, status: int, detail: str
) -> None:
    refused = post(url, body=body, Content_Type=f"application/x-raw-frame; {kind}")
    assert refused.status_code == status
    assert detail in refused.json()["detail"]
