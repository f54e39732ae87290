"""Trace context in record headers; the only code that knows of it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

TRACEPARENT = "traceparent"
_propagator = TraceContextTextMapPropagator()


def current_trace() -> str | None:
    """The traceparent of the current span, or None outside one."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(TRACEPARENT)


def context_of(traceparent: str | None) -> Context:
    return _propagator.extract({TRACEPARENT: traceparent} if traceparent else {})


@contextmanager
def caused_by(traceparent: str | None) -> Iterator[None]:
    """What is sent inside belongs to that trace; without one, to the current span's."""
    if traceparent is None:
        yield
        return
    token = attach(context_of(traceparent))
    try:
        yield
    finally:
        detach(token)


def trace_of(headers: Mapping[str, bytes]) -> str | None:
    raw = headers.get(TRACEPARENT)
    return raw.decode("ascii", "replace") if raw else None


@contextmanager
def sending_many(count: int) -> Iterator[str | None]:
    """One span for records that are sent together, in place of one each; gives its traceparent."""
    tracer = trace.get_tracer("onevoice.kafka")
    attributes: dict[str, str | int] = {"messaging.system": "kafka", "messaging.batch.message_count": count}
    with tracer.start_as_current_span("send batch", kind=trace.SpanKind.PRODUCER, attributes=attributes):
        yield current_trace()


def record_processing(
    tracer: trace.Tracer, name: str, traces: Iterable[str | None], started_ns: int, ended_ns: int
) -> None:
    """One span a record in the record's own trace, over the time its batch took."""
    for traceparent in traces:
        if traceparent is None:
            continue
        span = tracer.start_span(
            name, context=context_of(traceparent), kind=trace.SpanKind.CONSUMER, start_time=started_ns
        )
        span.end(end_time=ended_ns)
