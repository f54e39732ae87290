"""What clashes, in a line."""

from services.gateway.console.values import value
from services.gateway.console.wording import DEPARTMENTS, FOR_REVIEW, named
from services.gateway.shapes.alerts import Alert, Values
from services.gateway.shapes.conflicts import Clash

LONG = 40
"""Characters from which a value says too much for a headline."""


def brief(clash: Clash) -> str:
    """The reason beside both messages, which need not be quoted once more."""
    if clash["kind"] != "contradiction":
        return clash["reason"]
    if clash["attribute"] == FOR_REVIEW:
        return "An outside judge alone says that both cannot hold."
    matter = matter_of(clash["attribute"])
    return f"Both cannot hold: {matter}." if matter else "Both cannot hold."


def matter_of(attribute: str) -> str:
    """Empty for a whole statement, which the sentences themselves say better."""
    return "" if attribute in ("statement", FOR_REVIEW) else attribute.replace("_", " ")


def headline(alert: Alert) -> str:
    """An alert's cause in a line; the reason beside it says the rest."""
    a, b = (named(DEPARTMENTS, alert["senders"][side]["department"]) for side in ("a", "b"))
    matter = matter_of(alert["attribute"])
    match alert["kind"]:
        case "contradiction" if alert["attribute"] == FOR_REVIEW:
            return f"{a} may contradict itself" if a == b else f"{a} and {b} may contradict each other"
        case "contradiction":
            if not matter:
                return f"{a} contradicts itself" if a == b else f"{a} and {b} contradict each other"
            both = f"{a} contradicts itself: {matter}" if a == b else f"{a} and {b} differ: {matter}"
            return both + either(alert["values"])
        case "consent":
            return f"{b} advertised after consent was withdrawn"
        case "open_case":
            return f"{b} advertised during an open complaint"
        case "embargo":
            return f"{b} spoke of what {a} holds back"
        case "pressure":
            return "More advertising than one customer should get"
    return alert["reason"]


def either(values: Values) -> str:
    """`, £30 a month or £36 a month`; nothing where the values say no more than that there are two."""
    said = (value(values["a"]), value(values["b"]))
    if set(said) <= {"yes", "no", "–"} or max(map(len, said)) > LONG:
        return ""
    return f", {said[0]} or {said[1]}"
