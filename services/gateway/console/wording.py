"""What the console calls things."""

from collections.abc import Iterator, Mapping

from services.gateway.console.languages import N_, gettext


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


def subject(text: str) -> str:
    """What a claim speaks of, in a few of the words that the detector knows it by."""
    names = list(dict.fromkeys(name.strip().replace("_", " ") for name in text.split(",") if name.strip()))
    return " · ".join(names[:3]) + (" …" if len(names) > 3 else "")
