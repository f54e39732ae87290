"""`python -m services.consistency` runs the service; with a command, it works on scenarios or on generations, or
checks the routes of notifications, the scale of severity or when rules are proposed for muting."""

import sys


def main() -> int:
    arguments = sys.argv[1:]
    if arguments and arguments[0] in ("rebuild", "generations", "drop"):
        from services.consistency.rebuild import run as run_on_generations

        return run_on_generations(arguments)
    if arguments and arguments[0] == "routes":
        from services.consistency.notify.command import run as run_on_routes

        return run_on_routes(arguments[1:])
    if arguments and arguments[0] == "severity":
        from services.consistency.severity import run as check_severity

        return check_severity(arguments[1:])
    if arguments and arguments[0] == "feedback":
        from services.consistency.feedback import run as check_feedback

        return check_feedback(arguments[1:])
    if arguments:
        from services.consistency.cli import run

        return run(arguments)
    from services.consistency.app import main as serve

    serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
