"""`python -m services.ingest`: the HTTP door that departments publish to."""

from services.ingest.app import make
from services.ingest.settings import IngestSettings
from shared.settings import HttpSettings, KafkaSettings, KeySettings, MongoSettings, RetentionSettings
from shared.telemetry.setup import setup_telemetry
from shared.web.serve import serve

if __name__ == "__main__":
    setup_telemetry("ingest")
    settings = IngestSettings()
    app = make(settings, KafkaSettings(), MongoSettings(), KeySettings(), RetentionSettings())
    serve(app, "ingest", settings.port, HttpSettings())
