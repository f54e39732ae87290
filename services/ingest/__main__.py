"""`python -m services.ingest`: the HTTP door that departments publish to."""

from services.ingest.app import make
from services.ingest.settings import IngestSettings
from shared.settings import HttpSettings, KafkaSettings, KeySettings, MongoSettings
from shared.telemetry.setup import setup_telemetry
from shared.web.serve import serve

if __name__ == "__main__":
    setup_telemetry("ingest")
    settings = IngestSettings()
    serve(make(settings, KafkaSettings(), MongoSettings(), KeySettings()), "ingest", settings.port, HttpSettings())
