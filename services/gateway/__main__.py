"""`python -m services.gateway`: the REST interface, the live stream and the console; with a command, it asks one that
runs: `python -m services.gateway dead-letters --help`."""

import sys

from services.gateway.settings import Settings
from shared.telemetry.setup import setup_telemetry
from shared.web.serve import serve


def main() -> int:
    if len(sys.argv) > 1:
        from services.gateway.cli import run

        return run(sys.argv[1:])
    from services.gateway.app import create_app

    settings = Settings()
    setup_telemetry("gateway")
    serve(create_app(settings), "gateway", settings.gateway.port, settings.http)
    return 0


if __name__ == "__main__":
    sys.exit(main())
