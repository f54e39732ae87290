"""What the console calls things, and how it writes times and numbers."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from datetime import date as Date

from babel.dates import format_date

from services.gateway.console.languages import N_, SPOKEN, counted, gettext, number, pgettext


class Names(Mapping[str, str]):
    """What keys are called, in the language of whoever asks; made of the English names."""

    def __init__(self, english: dict[str, str]) -> None:
        self._english = english

    def __getitem__(self, key: str) -> str:
        return gettext(self._english[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._english)

    def __len__(self) -> int:
        return len(self._english)


DEPARTMENTS = Names(
    {
        "sales": N_("Sales"),
        "support": N_("Support"),
        "investor-relations": N_("Investor relations"),
        "marketing": N_("Marketing"),
        "public-relations": N_("Public relations"),
        "government-relations": N_("Government relations"),
        "operations": N_("Operations"),
        "billing": N_("Billing"),
        "product": N_("Product"),
        "it": N_("IT"),
        "internal-communications": N_("Internal communications"),
        "executive": N_("Executive"),
    }
)
CHANNELS = Names(
    {
        "email": N_("Email"),
        "sms": N_("SMS"),
        "phone": N_("Phone"),
        "chat": N_("Chat"),
        "push": N_("Push"),
        "letter": N_("Letter"),
        "social": N_("Social"),
        "web": N_("Web"),
        "blog": N_("Blog"),
        "advertising": N_("Advertising"),
        "event": N_("Event"),
        "in-person": N_("In person"),
        "press": N_("Press"),
        "*": N_("All channels"),
    }
)
PURPOSES = Names(
    {
        "promotional": N_("Promotional"),
        "transactional": N_("Transactional"),
        "service": N_("Service"),
        "investor": N_("Investor"),
        "relationship": N_("Relationship"),
    }
)
KINDS = Names(
    {
        "contradiction": N_("Contradiction"),
        "consent": N_("Consent withdrawn"),
        "open_case": N_("Open complaint"),
        "embargo": N_("Embargo broken"),
        "pressure": N_("Too many messages"),
    }
)
STATES = Names(
    {
        "open": N_("Open"),
        "acknowledged": N_("Acknowledged"),
        "resolved": N_("Resolved"),
        "dismissed": N_("Dismissed"),
        "merged": N_("Merged"),
        "settled": N_("Corrected"),
        "withdrawn": N_("Withdrawn"),
    }
)
CONFLICT_STATES = Names(
    {"open": N_("Open"), "settled": N_("Corrected"), "resolved": N_("Resolved"), "dismissed": N_("Dismissed")}
)
LETTER_STATES = Names(
    {
        "waiting": N_("Waiting"),
        "replayed": N_("Replayed"),
        "failed_again": N_("Failed again"),
    }
)
NOTIFICATION_STATES = Names(
    {
        "pending": N_("Waiting"),
        "sent": N_("Taken"),
        "dead": N_("Given up"),
    }
)
RECEIVER_TYPES = Names({"webhook": N_("Webhook"), "slack": N_("Chat"), "email": N_("Email")})
CHANGES = Names({"opened": N_("Opened"), "worsened": N_("Graver"), "closed": N_("Closed")})
MATCHER_OPS = Names({"=": N_("is"), "!=": N_("is not"), "=~": N_("fits the pattern"), "!~": N_("does not fit")})
CATEGORIES = Names(
    {
        "complaint": N_("Complaint"),
        "case": N_("Case"),
        "question": N_("Question"),
        "request": N_("Request"),
        "incident": N_("Incident"),
    }
)
"""Of cases; senders may use others."""
COUNTERS = Names(
    {
        "accepted": N_("Accepted"),
        "rejected": N_("Rejected"),
        "duplicates": N_("Duplicates"),
        "consumed": N_("Consumed"),
        "dead letters": N_("Dead letters"),
        "conflicts": N_("Conflicts"),
    }
)
CANARY_STATES = Names({"waiting": N_("Waiting"), "ok": N_("Ok"), "late": N_("Late"), "lost": N_("Lost")})
CANARY_RUNS = Names(
    {
        "under way": N_("under way"),
        "overdue": N_("overdue"),
        "ok": N_("ok"),
        "late": N_("late"),
        "lost": N_("lost"),
        "refused": N_("refused"),
    }
)
MATCHER_LABELS = Names(
    {
        "kind": N_("kind"),
        "department": N_("department"),
        "attribute": N_("attribute"),
        "subject": N_("subject"),
        "campaign": N_("campaign"),
        "severity": N_("severity"),
        "rule": N_("rule"),
        "language": N_("language"),
    }
)
FOR_REVIEW = "for_review"
"""The attribute of what an outside judge alone takes for a contradiction."""
DELIVERIES = Names(
    {
        "delivered": N_("Delivered"),
        "opened": N_("Opened"),
        "clicked": N_("Clicked"),
        "bounced": N_("Not delivered: bounced"),
        "suppressed": N_("Not sent: suppressed"),
    }
)
HAPPENINGS = Names({"message": N_("Messages"), "case": N_("Cases"), "consent": N_("Consents")})
"""What a timeline can be narrowed to."""
NOT_DELIVERED = frozenset({"bounced", "suppressed"})
ACTED = Names(
    {
        "acknowledge": N_("Acknowledged. It is yours now."),
        "unacknowledge": N_("Open again, for whoever takes it."),
        "assign": N_("Assigned."),
        "unassign": N_("Assigned to nobody."),
        "comment": N_("Comment added."),
        "resolve": N_("Resolved."),
        "dismiss": N_("Dismissed."),
        "reopen": N_("Open again."),
        "merge": N_("Merged. What comes counts on the other alert."),
        "split": N_("On its own again."),
    }
)
DID = Names(
    {
        "found": N_("Found"),
        "withdrawn": N_("Resolved by itself"),
        "regressed": N_("Said again"),
        "lapsed": N_("Acknowledgement ended"),
        "acknowledge": N_("Acknowledged"),
        "unacknowledge": N_("Un-acknowledged"),
        "assign": N_("Assigned"),
        "unassign": N_("Taken back"),
        "comment": N_("Comment"),
        "resolve": N_("Resolved"),
        "dismiss": N_("Dismissed"),
        "reopen": N_("Reopened"),
        "merge": N_("Merged"),
        "split": N_("Split off"),
        "take_in": N_("Took in another alert"),
        "give_back": N_("Gave an alert back"),
    }
)
"""Steps of an alert's history; ones from before this was kept are called by their state."""
SEVERITIES = Names({"critical": N_("Critical"), "high": N_("High"), "medium": N_("Medium"), "low": N_("Low")})
DISMISSALS = Names(
    {
        "not_a_conflict": N_("Not a conflict"),
        "tolerated": N_("Tolerated"),
        "duplicate": N_("Duplicate"),
    }
)
VERDICTS = Names({"right": N_("Right"), "wrong": N_("Wrong"), "undecided": N_("Undecided")})
LANGUAGES = Names({"en": N_("English"), "ru": N_("Russian"), "zh": N_("Chinese")})
RULES = Names(
    {
        "contradiction.amount": N_("Two amounts differ"),
        "contradiction.moment": N_("Two dates or times differ"),
        "contradiction.axis": N_("One says yes, the other no"),
        "contradiction.status": N_("Two states of one thing differ"),
        "contradiction.statement": N_("Two sentences contradict each other"),
        "contradiction.judge": N_("An outside judge alone says so"),
        "consent": N_("Advertised after consent was withdrawn"),
        "open_case": N_("Advertised during an open complaint"),
        "pressure": N_("More advertising than one customer should get"),
    }
)
"""Rules by what they find; those of embargoes say it themselves."""
ORDERS = Names(
    {
        "severity": N_("Most severe first"),
        "last_seen": N_("Last seen first"),
        "customers": N_("Most customers first"),
    }
)
FOR_HOW_LONG = Names(
    {
        "": N_("No end"),
        "4": N_("4 hours"),
        "24": N_("A day"),
        "72": N_("3 days"),
        "168": N_("A week"),
        "720": N_("30 days"),
    }
)
"""How long an acknowledgement holds that is given in the console, in hours."""


def named(names: Mapping[str, str], key: str | None) -> str:
    """The name of `key`; one that is not listed is shown in a readable form."""
    if not key:
        return gettext("Unknown")
    return names.get(key) or key.replace("-", " ").replace("_", " ").capitalize()


def rule(name: str) -> str:
    """What the rule finds."""
    kind, _, ground = name.partition(": ")
    if kind == "embargo" and ground:
        return gettext("Embargo: %(ground)s", ground=ground)
    return RULES.get(name) or named({}, name.replace(".", " "))


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def moment(text: str | None) -> datetime | None:
    """A time of the interface (RFC 3339), in UTC; None where there is none."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def written(when: datetime | Date, pattern: str) -> str:
    return format_date(when, pattern, locale=SPOKEN.get().locale)


def day(text: str | None) -> str:
    """`Monday, 20 October 2025`."""
    when = moment(text)
    return capitalised(written(when, pgettext("date pattern", "EEEE, d MMMM y"))) if when else gettext("Without a date")


def date(text: str | None) -> str:
    """`20 Oct 2025`."""
    when = moment(text)
    return written(when, pgettext("date pattern", "d MMM y")) if when else "–"


def day_on_axis(day: Date) -> str:
    """`20 Oct 2025`, in few characters."""
    return written(day, pgettext("date pattern on an axis", "d MMM y"))


def month_on_axis(day: Date) -> str:
    """`Oct 2025`, in few characters."""
    return written(day, pgettext("date pattern on an axis", "MMM y"))


def clock(text: str | None) -> str:
    """`16:44`."""
    when = moment(text)
    return f"{when:%H:%M}" if when else ""


def date_and_time(text: str | None) -> str:
    """`20 Oct 2025, 16:44`, which pages say is UTC."""
    return gettext("%(date)s, %(time)s", date=date(text), time=clock(text)) if moment(text) else "–"


def span(start: str, hours: int) -> str:
    """How a span of so many hours is called: `20 Oct`, or `20 Oct 16:00` where it is shorter than a day."""
    when = moment(start)
    if when is None:
        return "–"
    of_the_year = written(when, pgettext("date pattern on an axis", "d MMM"))
    return of_the_year if hours >= 24 else f"{of_the_year} {clock(start)}"


def subject(text: str) -> str:
    """What a claim speaks of, in a few of the words that the detector knows it by."""
    names = list(dict.fromkeys(name.strip().replace("_", " ") for name in text.split(",") if name.strip()))
    return " · ".join(names[:3]) + (" …" if len(names) > 3 else "")


def percent(share: float) -> str:
    return percentage(round(share * 100))


def percentage(plain: float) -> str:
    """`90 %`."""
    return gettext("%(number)s %%", number=number(plain))


def duration(seconds: float) -> str:
    """In the unit that says most: `40 minutes`, `5 hours`, `3 days`."""
    if seconds >= 1.5 * 86_400:
        return days(round(seconds / 86_400))
    if seconds >= 1.5 * 3_600:
        return hours(round(seconds / 3_600))
    if seconds >= 1.5 * 60:
        return minutes(round(seconds / 60))
    return counted("%(count)s second", "%(count)s seconds", round(seconds))


def days(length: float) -> str:
    return counted("%(count)s day", "%(count)s days", length)


def hours(length: float) -> str:
    return counted("%(count)s hour", "%(count)s hours", length)


def minutes(length: float) -> str:
    return counted("%(count)s minute", "%(count)s minutes", length)


def rate(per_second: float) -> str:
    """Records a second, with as many digits as say something."""
    return number(per_second, "#,##0" if per_second >= 10 else "#,##0.0") if per_second else "0"
