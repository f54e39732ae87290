"""Traces, metrics and logs of a process, set up once in its `__main__`."""

import logging
import logging.config
import os
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.instrumentation.aiokafka import AIOKafkaInstrumentor
from opentelemetry.instrumentation.pymongo import PymongoInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


class TraceIds(logging.Filter):
    """Puts the current span's ids on each log line."""

    def filter(self, record: logging.LogRecord) -> bool:
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            record.trace_id = f"{context.trace_id:032x}"
            record.span_id = f"{context.span_id:016x}"
        return True


def setup_telemetry(service: str) -> None:
    """JSON logs on standard output, metrics for `/metrics`; traces and metrics also by OTLP where
    `OTEL_EXPORTER_OTLP_ENDPOINT` is set."""
    logging.config.dictConfig(log_config(service))
    exporting = bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
    resource = Resource.create({"service.name": f"onevoice-{service}", "service.namespace": "onevoice"})
    tracing = TracerProvider(resource=resource)
    readers: list[MetricReader] = [PrometheusMetricReader()]
    if exporting:
        tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        readers.append(PeriodicExportingMetricReader(OTLPMetricExporter()))
    trace.set_tracer_provider(tracing)
    metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=readers))
    AIOKafkaInstrumentor().instrument()
    PymongoInstrumentor().instrument()


def log_config(service: str) -> dict[str, Any]:
    """For `logging.config.dictConfig` and uvicorn alike; no message text is ever logged by the services."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"trace": {"()": "shared.telemetry.setup.TraceIds"}},
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                "static_fields": {"service": service},
                "json_ensure_ascii": False,
            }
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "json",
                "filters": ["trace"],
            }
        },
        "root": {"level": os.environ.get("ONEVOICE_LOG_LEVEL", "INFO"), "handlers": ["stdout"]},
        "loggers": {
            "uvicorn.access": {"level": "WARNING"},
            "aiokafka": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},  # its lines carry whole addresses, with what people searched for
            "stamina": {"level": "WARNING"},
        },
    }
