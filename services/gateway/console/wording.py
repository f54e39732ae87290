"""What the console calls things, and how it writes times and numbers."""

from datetime import UTC, datetime

DEPARTMENTS: dict[str, str] = {
    "sales": "Sales",
    "support": "Support",
    "investor-relations": "Investor relations",
    "marketing": "Marketing",
    "public-relations": "Public relations",
    "government-relations": "Government relations",
    "operations": "Operations",
    "billing": "Billing",
    "product": "Product",
    "it": "IT",
    "internal-communications": "Internal communications",
    "executive": "Executive",
}
CHANNELS: dict[str, str] = {
    "email": "Email",
    "sms": "SMS",
    "phone": "Phone",
    "chat": "Chat",
    "push": "Push",
    "letter": "Letter",
    "social": "Social",
    "web": "Web",
    "blog": "Blog",
    "advertising": "Advertising",
    "event": "Event",
    "in-person": "In person",
    "press": "Press",
    "*": "All channels",
}
PURPOSES: dict[str, str] = {
    "promotional": "Promotional",
    "transactional": "Transactional",
    "service": "Service",
    "investor": "Investor",
    "relationship": "Relationship",
}
KINDS: dict[str, str] = {
    "contradiction": "Contradiction",
    "consent": "Consent withdrawn",
    "open_case": "Open complaint",
    "embargo": "Embargo broken",
    "pressure": "Too many messages",
}
STATES: dict[str, str] = {
    "open": "Open",
    "acknowledged": "Acknowledged",
    "resolved": "Resolved",
    "dismissed": "Dismissed",
    "merged": "Merged",
    "settled": "Corrected",
    "withdrawn": "Withdrawn",
}
CONFLICT_STATES: dict[str, str] = {name: STATES[name] for name in ("open", "settled", "resolved", "dismissed")}
LETTER_STATES: dict[str, str] = {
    "waiting": "Waiting",
    "replayed": "Replayed",
    "failed_again": "Failed again",
}
NOTIFICATION_STATES: dict[str, str] = {
    "pending": "Waiting",
    "sent": "Taken",
    "dead": "Given up",
}
RECEIVER_TYPES: dict[str, str] = {"webhook": "Webhook", "slack": "Chat", "email": "Email"}
CHANGES: dict[str, str] = {"opened": "Opened", "worsened": "Graver", "closed": "Closed"}
MATCHER_OPS: dict[str, str] = {"=": "is", "!=": "is not", "=~": "fits the pattern", "!~": "does not fit"}
FOR_REVIEW = "for_review"
"""The attribute of what an outside judge alone takes for a contradiction."""
DELIVERIES: dict[str, str] = {
    "delivered": "Delivered",
    "opened": "Opened",
    "clicked": "Clicked",
    "bounced": "Not delivered: bounced",
    "suppressed": "Not sent: suppressed",
}
HAPPENINGS: dict[str, str] = {"message": "Messages", "case": "Cases", "consent": "Consents"}
"""What a timeline can be narrowed to."""
NOT_DELIVERED = frozenset({"bounced", "suppressed"})
ACTED: dict[str, str] = {
    "acknowledge": "Acknowledged. It is yours now.",
    "unacknowledge": "Open again, for whoever takes it.",
    "assign": "Assigned.",
    "unassign": "Assigned to nobody.",
    "comment": "Comment added.",
    "resolve": "Resolved.",
    "dismiss": "Dismissed.",
    "reopen": "Open again.",
    "merge": "Merged. What comes counts on the other alert.",
    "split": "On its own again.",
}
DID: dict[str, str] = {
    "found": "Found",
    "withdrawn": "Resolved by itself",
    "regressed": "Said again",
    "lapsed": "Acknowledgement ended",
    "acknowledge": "Acknowledged",
    "unacknowledge": "Un-acknowledged",
    "assign": "Assigned",
    "unassign": "Taken back",
    "comment": "Comment",
    "resolve": "Resolved",
    "dismiss": "Dismissed",
    "reopen": "Reopened",
    "merge": "Merged",
    "split": "Split off",
    "take_in": "Took in another alert",
    "give_back": "Gave an alert back",
}
"""Steps of an alert's history; ones from before this was kept are called by their state."""
SEVERITIES: dict[str, str] = {"critical": "Critical", "high": "High", "medium": "Medium", "low": "Low"}
DISMISSALS: dict[str, str] = {
    "not_a_conflict": "Not a conflict",
    "tolerated": "Tolerated",
    "duplicate": "Duplicate",
}
VERDICTS: dict[str, str] = {
    "right": "Right",
    "wrong": "Wrong",
    "undecided": "Undecided",
}
LANGUAGES: dict[str, str] = {"en": "English", "ru": "Russian", "zh": "Chinese"}
RULES: dict[str, str] = {
    "contradiction.amount": "Two amounts differ",
    "contradiction.moment": "Two dates or times differ",
    "contradiction.axis": "One says yes, the other no",
    "contradiction.status": "Two states of one thing differ",
    "contradiction.statement": "Two sentences contradict each other",
    "contradiction.judge": "An outside judge alone says so",
    "consent": "Advertised after consent was withdrawn",
    "open_case": "Advertised during an open complaint",
    "pressure": "More advertising than one customer should get",
}
"""Rules by what they find; those of embargoes say it themselves."""
ORDERS: dict[str, str] = {
    "severity": "Most severe first",
    "last_seen": "Last seen first",
    "customers": "Most customers first",
}
FOR_HOW_LONG: dict[str, str] = {
    "": "No end",
    "4": "4 hours",
    "24": "A day",
    "72": "3 days",
    "168": "A week",
    "720": "30 days",
}
"""How long an acknowledgement holds that is given in the console, in hours."""


def named(names: dict[str, str], key: str | None) -> str:
    """The name of `key`; one that is not listed is shown in a readable form."""
    if not key:
        return "Unknown"
    return names.get(key) or key.replace("-", " ").replace("_", " ").capitalize()


def rule(name: str) -> str:
    """What the rule finds."""
    kind, _, ground = name.partition(": ")
    if kind == "embargo" and ground:
        return f"Embargo: {ground}"
    return RULES.get(name) or named({}, name.replace(".", " "))


def moment(text: str | None) -> datetime | None:
    """A time of the interface (RFC 3339), in UTC; None where there is none."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def day(text: str | None) -> str:
    """`Monday, 20 October 2025`."""
    when = moment(text)
    return f"{when:%A}, {when.day} {when:%B %Y}" if when else "Without a date"


def date(text: str | None) -> str:
    """`20 Oct 2025`."""
    when = moment(text)
    return f"{when.day} {when:%b %Y}" if when else "–"


def clock(text: str | None) -> str:
    """`16:44`."""
    when = moment(text)
    return f"{when:%H:%M}" if when else ""


def date_and_time(text: str | None) -> str:
    """`20 Oct 2025, 16:44`, which pages say is UTC."""
    return f"{date(text)}, {clock(text)}" if moment(text) else "–"


def span(start: str, hours: int) -> str:
    """How a span of so many hours is called: `20 Oct`, or `20 Oct 16:00` where it is shorter than a day."""
    when = moment(start)
    if when is None:
        return "–"
    return f"{when.day} {when:%b}" if hours >= 24 else f"{when.day} {when:%b} {when:%H:%M}"


def subject(text: str) -> str:
    """What a claim speaks of, in a few of the words that the detector knows it by."""
    names = list(dict.fromkeys(name.strip().replace("_", " ") for name in text.split(",") if name.strip()))
    return " · ".join(names[:3]) + (" …" if len(names) > 3 else "")


def percent(share: float) -> str:
    return f"{round(share * 100)} %"


def count(number: int, one: str, several: str | None = None) -> str:
    """`1 customer`, `1,200 customers`."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def duration(seconds: float) -> str:
    """In the unit that says most: `40 minutes`, `5 hours`, `3 days`."""
    for length, one in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 1.5 * length:
            return count(round(seconds / length), one)
    return count(round(seconds), "second")


def rate(per_second: float) -> str:
    """Records a second, with as many digits as say something."""
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.1f}" if per_second else "0"
