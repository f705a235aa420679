"""What a scrape shows of frames that came over a real socket."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from pictures import BLUE, GREEN, RED, encoded, striped
from running import metric, post, serve_watched

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_watched(tmp_path_factory.mktemp("bundles")) as (url, _):
        yield url


def series(url: str) -> set[str]:
    """Names and labels of everything that is exposed."""
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}


def age(url: str, captured_at: str) -> float:
    """The age of an answer, as the metrics have it; -1 where none was added."""
    before = metric(url, "roadsight_answer_age_seconds_sum"), metric(url, "roadsight_answer_age_seconds_count")
    assert post(url, X_Captured_At=captured_at).status_code == 200
    assert metric(url, "roadsight_answer_age_seconds_count") == before[1] + 1
    return metric(url, "roadsight_answer_age_seconds_sum") - before[0]


def test_an_answer_is_as_old_as_its_capture(url: str) -> None:
    assert 2 <= age(url, str(time.time_ns() - 2_000_000_000)) < 30
    an_hour_east = datetime.now(UTC).astimezone() - timedelta(seconds=3)
    assert 3 <= age(url, an_hour_east.isoformat()) < 30


def test_no_clock_spoils_the_sum(url: str) -> None:
    assert age(url, "2400-01-01T00:00:00Z") == 0
    assert age(url, "0001-01-01t00:00:00+14:00") == 3600
    assert age(url, "9" * 19) == 0


def test_a_frame_without_capture_time_has_no_age(url: str) -> None:
    before = metric(url, "roadsight_answer_age_seconds_count")
    post(url)
    assert metric(url, "roadsight_answer_age_seconds_count") == before


def test_a_stuck_camera_is_counted_and_one_without_an_id_is_not(url: str) -> None:
    before = metric(url, "roadsight_frames_frozen_total")
    for _ in range(3):
        post(url)
        post(url, X_Camera_Id="stuck")
    assert metric(url, "roadsight_frames_frozen_total") == before + 2
    post(url, body=encoded(striped(GREEN)), X_Camera_Id="stuck")
    assert metric(url, "roadsight_frames_frozen_total") == before + 2


def test_every_answered_frame_is_looked_at_once(url: str) -> None:
    looks = [f"roadsight_frame_{name}_count" for name in ("brightness", "saturation", "sharpness")]
    before = [metric(url, look) for look in looks]
    post(url, body=encoded(striped(RED, GREEN, BLUE)), query="?regions=[[0,0,40,40],[40,0,80,40],[80,0,120,40]]")
    post(url, body=b"no picture")
    assert [metric(url, look) for look in looks] == [count + 1 for count in before]


def test_an_exemplar_is_shown_to_who_reads_openmetrics(url: str) -> None:
    post(url, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    reply = httpx.get(f"{url}/metrics", headers=OPENMETRICS)
    assert reply.headers["content-type"].startswith("application/openmetrics-text")
    assert reply.text.endswith("# EOF\n")
    (line,) = [line for line in reply.text.splitlines() if TRACE in line]
    assert line.startswith('roadsight_request_seconds_bucket{le="')
    assert TRACE not in httpx.get(f"{url}/metrics").text


@pytest.mark.parametrize("accept", ["*/*", "application/openmetrics-text; version=x", "text/plain; version=\x00", ","])
def test_whatever_a_scraper_accepts_it_gets_the_metrics(url: str, accept: str) -> None:
    reply = httpx.get(f"{url}/metrics", headers={"Accept": accept.replace("\x00", "?")})
    assert reply.status_code == 200
    assert "roadsight_ready 1.0" in reply.text


def test_no_client_grows_the_metrics(url: str) -> None:
    post(url, X_Camera_Id="front", X_Captured_At="0")
    for status_of in ("/", "/v1/models", "/readyz", "/docs"):
        httpx.get(url + status_of)
    httpx.request("PATCH", f"{url}/no/such/path")
    post(url, query="?task=first")
    post(url, query="?version=1")
    post(url, query="?top=x")
    before = series(url)
    for i in range(20):
        name = f'evil-{i}\\"}}'
        answers = [
            post(url, X_Camera_Id=name, X_Frame_Id=name, X_Captured_At=str(i), traceparent=f"00-{i:032x}-{i:016x}-01"),
            post(url, query=f"?task={name}"),
            post(url, query=f"?version={name}"),
            post(url, query=f"?top=x&{name}=1"),
            httpx.request("PATCH", f"{url}/{i}"),
            httpx.get(f"{url}/v1/models", headers={"traceparent": name}),
        ]
        assert [answer.status_code for answer in answers] == [200, 404, 404, 422, 404, 200]
    assert series(url) == before
