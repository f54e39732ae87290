"""`python -m services.consistency` runs the service; with a command, it works on files of scenarios."""

import sys


def main() -> int:
    if len(sys.argv) > 1:
        from services.consistency.cli import run

        return run(sys.argv[1:])
    from services.consistency.app import main as serve

    serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
