"""`python -m services.journey`: touchpoints in from Kafka, timelines out over HTTP; with a command, generations."""

import sys


def main() -> int:
    if len(sys.argv) > 1:
        from services.journey.rebuild import run

        return run(sys.argv[1:])
    from services.journey.app import Settings, create_app
    from shared.telemetry.setup import setup_telemetry
    from shared.web.serve import serve

    settings = Settings()
    setup_telemetry("journey")
    serve(create_app(settings), "journey", settings.port, settings.http)
    return 0


if __name__ == "__main__":
    sys.exit(main())
