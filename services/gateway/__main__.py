"""`python -m services.gateway`: the REST interface, the live stream and the console."""

from services.gateway.app import create_app
from services.gateway.settings import Settings
from shared.telemetry.setup import setup_telemetry
from shared.web.serve import serve

if __name__ == "__main__":
    settings = Settings()
    setup_telemetry("gateway")
    serve(create_app(settings), "gateway", settings.gateway.port, settings.http)
