"""Timeline items as the pages show them: grouped by day, words marked, the other message beside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from services.gateway.console import formats, wording
from services.gateway.console.headlines import brief
from services.gateway.console.languages import SPOKEN, gettext
from services.gateway.console.marks import Range, excerpt, marked
from services.gateway.shapes.conflicts import Clash, Conflict, Reference
from services.gateway.shapes.customers import TimelineItem
from shared.events import identity

LONG_TEXT = 900
"""Characters from which a message is folded."""
MAX_NOTES = 6
"""Clashes shown beside a message."""
SHOWN_STATES = frozenset({"open", "acknowledged"})


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two events of a clash; `html` is its text with the clashing words marked, `language` the text's as its
    sender said, empty where nobody said it."""

    key: str
    department: str
    channel: str
    time: str
    title: str
    language: str
    html: Markup
    excerpt: Markup
    customers_own: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A clash seen from one of its events: what the other one says."""

    id: str
    kind: str
    attribute: str
    brief: str
    confidence: float
    state: str
    alert: str | None
    other: Side
    other_is_earlier: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of the timeline. `form` is `message` or the type of another event (`case`, `consent`, …)."""

    key: str
    form: str
    time: str
    department: str
    channel: str
    inbound: bool
    purpose: str
    title: str
    language: str
    html: Markup
    beginning: Markup | None
    delivery: str | None
    undelivered: bool
    why: str
    """Why it was not sent or not delivered, in the sender's words."""
    facts: Mapping[str, Any]
    notes: tuple[Note, ...]
    more: int
    """Clashes beyond those in `notes`."""


@dataclass(frozen=True, slots=True)
class Day:
    time: str
    entries: tuple[Entry, ...]


def key_of(reference: Reference) -> str:
    """An event's identity, fit to be part of an address."""
    return identity(reference["source"], reference["id"])


def by_key(items: Iterable[TimelineItem]) -> dict[str, TimelineItem]:
    return {identity(item["source"], item["id"]): item for item in items}


def noted(item: TimelineItem) -> list[Conflict]:
    """The clashes that are shown beside it, the open ones first."""
    return sorted(item.get("conflicts") or (), key=lambda clash: clash["state"] not in SHOWN_STATES)[:MAX_NOTES]


def others_wanted(items: Sequence[TimelineItem]) -> list[str]:
    """Ids of the events that clash with one of `items` and are not among them."""
    here = by_key(items)
    sides = (side for item in items for clash in noted(item) for side in (clash["a"], clash["b"]))
    return sorted({side["id"] for side in sides if key_of(side) not in here})


def other_reference(clash: Clash, own: str) -> Reference:
    """The side that is not the event with the key `own`."""
    return clash["a"] if key_of(clash["b"]) == own else clash["b"]


def ranges(clash: Clash, event_id: str) -> list[Range]:
    return [(span["start"], span["end"]) for span in clash["spans"] if span["event"] == event_id]


def text_of(item: TimelineItem | None) -> str:
    data = item["data"] if item else {}
    return str(data.get("text") or data.get("matter") or "")


def side(clash: Clash, reference: Reference, item: TimelineItem | None) -> Side:
    """`item` is None for an event that is not the customer's, such as an embargo."""
    data: Mapping[str, Any] = item["data"] if item else {}
    language = data.get("language") or ""
    text, marks = text_of(item), ranges(clash, reference["id"])
    if item is None:
        words = " … ".join(span["text"] for span in clash["spans"] if span["event"] == reference["id"])
        html = short = marked(words, [(0, len(words))])
    elif text:
        html, short = marked(text, marks), excerpt(text, marks)
    else:
        html = short = Markup("<em>{}</em>").format(happening(item))
        language = SPOKEN.get().tag
    return Side(
        key=key_of(reference),
        department=data.get("department") or "",
        channel=data.get("channel") or "",
        time=item["time"] if item else "",
        title=data.get("title") or "",
        language=language,
        html=html,
        excerpt=short,
        customers_own=item is not None and "consent" in item["type"],
        known=item is not None,
    )


def happening(item: TimelineItem) -> str:
    """What an event without a text says, in a sentence."""
    data = item["data"]
    match item["type"].split(".")[1]:
        case "consent":
            channel = wording.named(wording.CHANNELS, data.get("channel"))
            if data.get("status") == "withdrawn":
                return gettext("The customer withdrew consent to promotion: %(channel)s", channel=channel)
            return gettext("The customer gave consent to promotion: %(channel)s", channel=channel)
        case "case":
            sort, case = wording.named(wording.CATEGORIES, data.get("category") or "case"), data.get("case", "")
            if data.get("status") == "closed":
                return gettext("%(sort)s closed: %(case)s", sort=sort, case=case)
            return gettext("%(sort)s opened: %(case)s", sort=sort, case=case)
        case "delivery":
            return f"{wording.named(wording.DELIVERIES, data.get('status'))}: {data.get('message', '')}"
        case other:
            return wording.named({}, other)


def note(clash: Conflict, item: TimelineItem, known: Mapping[str, TimelineItem]) -> Note:
    own = identity(item["source"], item["id"])
    other_is_earlier = key_of(clash["b"]) == own
    reference = other_reference(clash, own)
    return Note(
        id=clash["id"],
        kind=clash["kind"],
        attribute=clash["attribute"],
        brief=brief(clash),
        confidence=clash["confidence"],
        state=clash["state"],
        alert=clash.get("alert"),
        other=side(clash, reference, known.get(key_of(reference))),
        other_is_earlier=other_is_earlier,
    )


def entry(item: TimelineItem, known: Mapping[str, TimelineItem]) -> Entry:
    data = item["data"]
    clashes = item.get("conflicts") or []
    shown = noted(item)
    text = text_of(item)
    words = [found for clash in clashes if clash["state"] in SHOWN_STATES for found in ranges(clash, item["id"])]
    form = item["type"].split(".")[1]
    delivery = item.get("delivery")
    status = delivery["status"] if delivery else None
    return Entry(
        key=identity(item["source"], item["id"]),
        form=form,
        time=item["time"],
        department=data.get("department") or "",
        channel=data.get("channel") or "",
        inbound=data.get("direction") == "inbound",
        purpose=data.get("purpose") or "",
        title=data.get("title") or "",
        language=data.get("language") or "",
        html=marked(text, words) if form == "message" else Markup.escape(happening(item)),
        beginning=excerpt(text, words, 260) if len(text) > LONG_TEXT else None,
        delivery=wording.named(wording.DELIVERIES, status) if status else None,
        undelivered=status in wording.NOT_DELIVERED,
        why=delivery.get("reason", "") if delivery and status in wording.NOT_DELIVERED else "",
        facts=data,
        notes=tuple(note(clash, item, known) for clash in shown),
        more=len(clashes) - len(shown),
    )


def days(items: Sequence[TimelineItem], others: Iterable[TimelineItem]) -> list[Day]:
    """The items in their order, a group a day; `others` are what they clash with."""
    known = by_key(others) | by_key(items)
    entries = [entry(item, known) for item in items]
    return [Day(group[0].time, group) for group in _by_day(entries)]


def _by_day(entries: Sequence[Entry]) -> Iterable[tuple[Entry, ...]]:
    for _, group in groupby(entries, key=lambda one: formats.date(one.time)):
        yield tuple(group)
