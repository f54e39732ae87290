"""`python -m services.journey`: touchpoints in from Kafka, timelines out over HTTP."""

from services.journey.app import Settings, create_app
from shared.telemetry.setup import setup_telemetry
from shared.web.serve import serve

if __name__ == "__main__":
    settings = Settings()
    setup_telemetry("journey")
    serve(create_app(settings), "journey", settings.port, settings.http)
