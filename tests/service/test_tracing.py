"""Spans reach a collector on a real socket, in OTLP."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from roadsight_models.errors import BadParameter
from roadsight_service.app import create_app
from roadsight_service.settings import Settings
from running import metric, post, serve_watched

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, NOT_SAMPLED = (f"00-{TRACE}-{PARENT}-{flags}" for flags in ("01", "00"))
STAGES = ["receive", "queue", "decode", "preprocess", "inference", "postprocess"]


@dataclass
class Collector:
    """What it was sent."""

    url: str
    spans: list[Span] = field(default_factory=list)

    def of(self, route: str) -> list[Span]:
        """The spans of requests to a route."""
        return [span for span in self.spans if span.name == route]

    def below(self, parent: Span) -> list[Span]:
        """The spans within one."""
        return [span for span in self.spans if span.parent_span_id == parent.span_id]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    taken.spans.extend(scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        taken = Collector(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield taken
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """What was sent of a sampled request, a failed one, one that must not be traced, and one without a trace."""
    with collecting() as collector:
        root = tmp_path_factory.mktemp("bundles")
        with serve_watched(root, traces=collector.url, trace_share=1) as (url, _):
            post(url, traceparent=SAMPLED)
            post(url, body=b"no picture", traceparent=SAMPLED)
            post(url, traceparent=NOT_SAMPLED)
            httpx.get(f"{url}/v1/models")
        yield collector


def test_a_request_is_a_span_below_its_callers(collector: Collector) -> None:
    answered, failed = collector.of("/v1/classify")
    for span in (answered, failed):
        assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
        assert span.kind == Span.SPAN_KIND_SERVER
    status = [{one.key: one.value.int_value for one in span.attributes} for span in (answered, failed)]
    assert [each["http.response.status_code"] for each in status] == [200, 400]


def test_its_stages_are_spans_within_it_in_their_order(collector: Collector) -> None:
    answered, _ = collector.of("/v1/classify")
    stages = sorted(collector.below(answered), key=lambda span: span.start_time_unix_nano)
    assert [span.name for span in stages] == STAGES
    assert stages[0].start_time_unix_nano == answered.start_time_unix_nano
    assert stages[-1].end_time_unix_nano <= answered.end_time_unix_nano
    assert all(span.trace_id == answered.trace_id for span in stages)


def test_a_failed_request_has_the_stages_that_it_reached(collector: Collector) -> None:
    _, failed = collector.of("/v1/classify")
    names = {span.name for span in collector.below(failed)}
    assert "decode" in names and "inference" not in names


def test_a_request_without_a_trace_begins_one(collector: Collector) -> None:
    (span,) = collector.of("/v1/models")
    assert span.trace_id.hex() != TRACE
    assert span.parent_span_id == b""


def test_no_share_no_spans_but_for_those_who_ask(tmp_path: Path) -> None:
    with collecting() as collector:
        with serve_watched(tmp_path, traces=collector.url, trace_share=0) as (url, _):
            httpx.get(f"{url}/v1/models")
            post(url, traceparent=SAMPLED)
        assert [span.name for span in collector.of("/v1/models")] == []
        assert len(collector.of("/v1/classify")) == 1


def test_a_trace_that_begins_here_is_an_exemplar(tmp_path: Path) -> None:
    with collecting() as collector:
        with serve_watched(tmp_path, traces=collector.url, trace_share=1) as (url, _):
            post(url)
            shown = httpx.get(f"{url}/metrics", headers={"Accept": "application/openmetrics-text"}).text
        (span,) = collector.of("/v1/classify")
        assert span.trace_id.hex() in shown


def test_a_collector_that_is_down_costs_no_answer(tmp_path: Path) -> None:
    with collecting() as collector:
        pass
    with serve_watched(tmp_path, traces=collector.url, trace_share=1) as (url, _):
        assert post(url).status_code == 200
        assert metric(url, 'roadsight_requests_total{code="500"') == 0


def test_without_the_extra_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(BadParameter, match=r"ROADSIGHT_TRACES.*pip install 'roadsight\[tracing\]'"):
        create_app(Settings(traces="http://127.0.0.1:4318"))


def test_a_collector_that_never_answers_holds_up_no_stop(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # connections wait in its backlog
        collector = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with serve_watched(tmp_path, traces=collector, trace_share=1, drain_seconds=0) as (url, _):
            assert post(url).status_code == 200
            (delivers,) = [each for each in threading.enumerate() if each.name.startswith("Otel")]
        assert delivers.is_alive()  # it tries still, and the service has stopped all the same
