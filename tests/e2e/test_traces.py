"""One trace leads from the publisher's request through Kafka to the stored timeline and the alert."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.local.demo.publish import publish
from deploy.local.stack import Stack
from tests.feed import contradicting, until

EXPECTED = {
    ("onevoice-ingest", "POST /v1/events"),
    ("onevoice-ingest", "touchpoints send"),
    ("onevoice-journey", "journey process"),
    ("onevoice-consistency", "consistency process"),
    ("onevoice-consistency", "conflicts send"),
    ("onevoice-consistency", "alerts send"),
}


@dataclass(frozen=True)
class Span:
    trace: str
    service: str
    name: str


class Collector:
    """Takes spans by OTLP over HTTP, as a collector would."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.path == "/v1/traces":
                    collector.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def take(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            named = {attribute.key: attribute.value.string_value for attribute in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [Span(span.trace_id.hex(), named["service.name"], span.name) for span in scope.spans]

    def traces(self) -> dict[str, set[tuple[str, str]]]:
        found: dict[str, set[tuple[str, str]]] = {}
        for span in list(self.spans):
            found.setdefault(span.trace, set()).add((span.service, span.name))
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    thread = threading.Thread(target=running.server.serve_forever)
    thread.start()
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()


@pytest.fixture
def traced(
    collector: Collector, tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]
) -> Iterator[Stack]:
    host, port = collector.server.server_address[:2]
    environ = free_ports | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{host!s}:{port}",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
    }
    with Stack(tmp_path_factory.mktemp("traced"), environ) as running:
        running.up()
        yield running


async def test_one_trace_leads_from_the_request_to_the_timeline_and_the_alert(
    traced: Stack, collector: Collector
) -> None:
    for event in contradicting("traced"):
        await publish(traced.urls["ingest"], traced.keys.publish, [event])

    async def whole() -> bool:
        return any(found >= EXPECTED for found in collector.traces().values())

    await until(whole, "a trace that has all")
