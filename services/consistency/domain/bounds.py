"""How much of one message is read and compared, so that no text, however made, holds up the others."""

import re

READ_CHARACTERS = 8_000
"""What stands beyond is not read; the longest newsletters of the example scenarios have a quarter of that."""
CLAIMS = 120
"""Statements kept of one message, in order of the text."""
CLASHES = 400
"""Pairs of clashing statements weighed between two messages."""
REACH = 1_000
"""Messages before it, the newest, that a message is compared with."""
RULED = 200
"""Of those, how many by the rules: the nearest in meaning."""
REPORTED = 20
"""Conflicts that one message makes with earlier ones, the surest."""
HISTORY = 2 * REACH
"""Messages of a customer, the newest, that are looked at: the later half has all its reach."""
RUN = re.compile(r"(\S)\1{23,}|[\d.,:;/+-]{48,}|(?:[\d.,:;/+-]+ ){24,}")


def readable(text: str) -> str:
    """The part of the text that is read, with runs of digits or of one character blanked; places stay the same."""
    return RUN.sub(lambda run: " " * len(run.group()), text[:READ_CHARACTERS])
