"""What a customer was told: statements by subject, those that hold before those that were superseded."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.console import wording
from services.gateway.console.headlines import matter
from services.gateway.shapes.claims import Claim
from services.gateway.shapes.conflicts import Reference

SUBJECTS = 25
"""Subjects on a page."""
SUPERSEDED = 20
"""Superseded statements shown of one subject; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What stands of it and what was superseded, the latest first; `more` superseded ones are left out."""

    about: str
    standing: list[Claim]
    superseded: list[Claim]
    more: int


@dataclass(frozen=True, slots=True)
class Told:
    """One page of the subjects that were looked for."""

    subjects: list[Subject]
    start: int
    total: int

    @property
    def next(self) -> int | None:
        following = self.start + SUBJECTS
        return following if following < self.total else None

    def events(self) -> list[str]:
        """Ids of the events that the statements stand in, and of those that superseded them."""
        return sorted({reference["id"] for subject in self.subjects for reference in references(subject)})


def told(claims: Sequence[Claim], text: str, start: int) -> Told:
    """The subjects that the words of `text` occur in, from the place `start` on."""
    words = text.casefold().split()
    found = [subject for subject in by_subject(claims) if mentions(subject, words)]
    return Told(found[start : start + SUBJECTS], start, len(found))


def by_subject(claims: Sequence[Claim]) -> list[Subject]:
    """What was said last comes first."""
    groups: dict[str, list[Claim]] = {}
    for claim in sorted(claims, key=lambda one: one["time"], reverse=True):
        groups.setdefault(claim["subject"].lower(), []).append(claim)
    return [subject_of(group) for group in groups.values()]


def subject_of(claims: Sequence[Claim]) -> Subject:
    superseded = [claim for claim in claims if claim.get("superseded_by")]
    return Subject(
        about=claims[0]["subject"],
        standing=[claim for claim in claims if not claim.get("superseded_by")],
        superseded=superseded[:SUPERSEDED],
        more=max(0, len(superseded) - SUPERSEDED),
    )


def mentions(subject: Subject, words: Sequence[str]) -> bool:
    """Whether each of the words occurs in what the page says of the subject."""
    said = [subject.about]
    for claim in (*subject.standing, *subject.superseded):
        span = claim.get("span")
        department = wording.named(wording.DEPARTMENTS, claim["department"])
        said += [matter(claim["attribute"]), span["text"] if span else "", department]
    text = "\n".join(said).casefold()
    return all(word in text for word in words)


def references(subject: Subject) -> list[Reference]:
    claims = (*subject.standing, *subject.superseded)
    later = [reference for claim in claims if (reference := claim.get("superseded_by"))]
    return [claim["event"] for claim in claims] + later
