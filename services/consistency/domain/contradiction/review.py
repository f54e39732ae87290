"""What an outside judge is asked about two messages, and what it alone says: for people to review."""

from collections.abc import Sequence
from typing import Protocol

Texts = tuple[str, str]
"""What was said earlier and what was said later."""
ENOUGH = 0.7
"""From what opinion on a conflict is reported that nothing else reports."""
FOR_REVIEW = "for_review"
"""The attribute of such a conflict: what it is about nobody says but the messages. So its alert holds no others."""
SURE = 0.5
"""Its confidence at the most, which is the least that anything else reports with."""


class Reviewer(Protocol):
    def opinions(self, pairs: Sequence[Texts]) -> list[float | None]:
        """How likely it is of each pair, in order, that both cannot be relied on; None where no answer came.

        Never raises: an optional judge costs no message.
        """
        ...
