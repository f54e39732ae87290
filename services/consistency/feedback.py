"""Reads from its file when a rule is proposed for muting."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from services.consistency.checking import check
from services.consistency.domain.precision import Muting
from shared.settings import Group
from shared.toml_file import load_as

SHIPPED = Path(__file__).with_name("feedback.toml")


class FeedbackSettings(Group):
    file: Path = Field(SHIPPED, validation_alias="ONEVOICE_FEEDBACK_FILE")


class FeedbackError(ValueError):
    """The file cannot be used; the text names it, the place, and what is wrong."""


def read(file: Path) -> Muting:
    """Raises `FeedbackError`."""
    return load_as(Muting, file, FeedbackError)


def run(arguments: Sequence[str]) -> int:
    """Checks a file, or the one that is set. Exit status: 0 good, 2 not."""
    return check("feedback", arguments, FeedbackSettings().file, summary)


def summary(file: Path) -> str:
    """Raises `FeedbackError`."""
    muting = read(file)
    return (
        f"a rule is proposed for muting with fewer than {muting.precision:.0%} right "
        f"of at least {muting.judged} alerts that were judged within {muting.days} days"
    )
