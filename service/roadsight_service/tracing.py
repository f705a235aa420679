"""Spans for OpenTelemetry (extra `tracing`): one a request, and within it one a stage.

request, its stages --record--> spans --a thread of the library, OTLP over HTTP--> collector
BadParameter: the extra is missing

Spans are made when the answer is there, for requests that are sampled: those whose `traceparent` says so, and a share
of those that have none. Stages stand one behind the other, in order and as long as they took; pauses between them are
not known.
"""

import threading
from collections.abc import Mapping
from time import time_ns
from typing import TYPE_CHECKING

from roadsight_models.errors import BadParameter
from roadsight_service.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span

SPENT = "roadsight.spent"  # where a request's scope keeps the seconds of its stages
_ORDER = ("receive", "queue", "decode", "preprocess", "inference", "postprocess")
_TIMEOUT_S = 5.0  # of a delivery; a collector that is down costs spans, never answers


class Tracer:
    """What makes spans, and delivers them."""

    def __init__(self, collector: str, share: float) -> None:
        """Begins a thread that delivers.

        Args:
            collector: URL of an OTLP collector, without `/v1/traces`.
            share: of the requests without a `traceparent` that are traced.

        Raises:
            BadParameter: OpenTelemetry is not installed.
        """
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
            from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased  # noqa: PLC0415
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise BadParameter("ROADSIGHT_TRACES", "needs: pip install 'roadsight[tracing]'") from error
        sampler = ParentBased(TraceIdRatioBased(share))
        self._provider = TracerProvider(sampler, Resource.create({"service.name": "roadsight"}))
        exporter = OTLPSpanExporter(f"{collector.rstrip('/')}/v1/traces", timeout=_TIMEOUT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("roadsight")
        self._propagator = TraceContextTextMapPropagator()

    def record(
        self, parent: str | None, route: str, status: int, seconds: float, spent: Mapping[str, float]
    ) -> str | None:
        """Makes the spans of a request that was just answered.

        Args:
            parent: its `traceparent`.
            route: its path, as routes have it.
            status: of the answer.
            seconds: that it took.
            spent: seconds by stage.

        Returns:
            The id of its trace; None if it is not traced.
        """
        from opentelemetry.trace import SpanKind  # noqa: PLC0415  (the extra is there)

        end = time_ns()
        start = end - round(seconds * 1e9)
        above = self._propagator.extract({"traceparent": parent} if parent else {})
        attributes: dict[str, str | int] = {"http.route": route, "http.response.status_code": status}
        span: Span = self._tracer.start_span(route, above, SpanKind.SERVER, attributes, start_time=start)  # type: ignore[assignment]
        if not span.is_recording():
            return None
        self._stages(span, start, spent)
        span.end(end)
        return f"{span.get_span_context().trace_id:032x}"

    def _stages(self, span: "Span", start: int, spent: Mapping[str, float]) -> None:
        from opentelemetry.trace import set_span_in_context  # noqa: PLC0415

        within = set_span_in_context(span)
        for stage in _ORDER:
            if stage in spent:
                end = start + round(spent[stage] * 1e9)
                self._tracer.start_span(stage, within, start_time=start).end(end)
                start = end

    def close(self, within_s: float) -> None:
        """Delivers what is left, and gives up on a collector that takes longer."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)  # no process waits for it to end
        last.start()
        last.join(within_s)


def make_tracer(settings: Settings) -> Tracer | None:
    """What the settings want, if they want traces."""
    return None if settings.traces is None else Tracer(settings.traces, settings.trace_share)
