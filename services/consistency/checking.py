"""Commands that check a file that ops can change, before a service is started with it."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def check(command: str, arguments: Sequence[str], in_use: Path, summary: Callable[[Path], str]) -> int:
    """Prints what the file that is named says, else the one `in_use`; `summary` raises `ValueError` that says what is
    wrong. Exit status: 0 good, 2 not."""
    if len(arguments) > 1:
        print(f"usage: python -m services.consistency {command} [FILE]", file=sys.stderr)
        return 2
    file = Path(arguments[0]) if arguments else in_use
    try:
        print(f"{file} is good: {summary(file)}")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0
