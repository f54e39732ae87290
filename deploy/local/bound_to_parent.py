"""`bound_to_parent.py PARENT SIGNAL PROGRAM [ARGUMENT...]`: becomes PROGRAM, which the kernel signals when PARENT ends.

A program of its own, since code between fork and exec is not safe in a parent with threads. Only
Linux has this call; elsewhere a stack that is killed leaves its parts behind.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
"""Source: prctl(2)."""


def main(parent: int, signal_number: int, command: list[str]) -> None:
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        if os.getppid() != parent:  # it ended before the call above
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - the stack names the program


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
