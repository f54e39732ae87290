"""What clashes, in a line."""

from services.gateway.console.languages import gettext
from services.gateway.console.matters import MATTERS
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
        return gettext("An outside judge alone says that both cannot hold.")
    about = matter_of(clash["attribute"])
    return gettext("Both cannot hold: %(matter)s.", matter=about) if about else gettext("Both cannot hold.")


def reason_language(clash: Clash | Alert) -> str:
    """Of the reason that the detector wrote: English but for contradictions, whose reason is in the language of the
    later message, which is not known here."""
    return "" if clash["kind"] == "contradiction" else "en"


def matter_of(attribute: str) -> str:
    """Empty for a whole statement, which the sentences themselves say better."""
    return "" if attribute in ("statement", FOR_REVIEW) else matter(attribute)


def matter(attribute: str) -> str:
    """What a claim says something of, in a few words; ones that are not listed are shown in a readable form."""
    return MATTERS.get(attribute) or attribute.replace("_", " ")


def headline(alert: Alert) -> str:
    """An alert's cause in a line; the reason beside it says the rest."""
    a, b = (named(DEPARTMENTS, alert["senders"][side]["department"]) for side in ("a", "b"))
    attribute = alert["attribute"]
    match alert["kind"]:
        case "contradiction" if a == b:
            return contradicts_itself(a, attribute, alert["values"])
        case "contradiction":
            return contradict_each_other(a, b, attribute, alert["values"])
        case "consent":
            return gettext("%(sender)s advertised after consent was withdrawn", sender=b)
        case "open_case":
            return gettext("%(sender)s advertised during an open complaint", sender=b)
        case "embargo":
            return gettext("%(sender)s spoke of what %(owner)s holds back", sender=b, owner=a)
        case "pressure":
            return gettext("More advertising than one customer should get")
    return alert["reason"]


def contradicts_itself(sender: str, attribute: str, values: Values) -> str:
    if attribute == FOR_REVIEW:
        return gettext("%(sender)s may contradict itself", sender=sender)
    about = matter_of(attribute)
    if not about:
        return gettext("%(sender)s contradicts itself", sender=sender)
    return gettext("%(sender)s contradicts itself: %(matter)s", sender=sender, matter=about) + either(values)


def contradict_each_other(a: str, b: str, attribute: str, values: Values) -> str:
    if attribute == FOR_REVIEW:
        return gettext("%(a)s and %(b)s may contradict each other", a=a, b=b)
    about = matter_of(attribute)
    if not about:
        return gettext("%(a)s and %(b)s contradict each other", a=a, b=b)
    return gettext("%(a)s and %(b)s differ: %(matter)s", a=a, b=b, matter=about) + either(values)


def either(values: Values) -> str:
    """`, £30 a month or £36 a month`; nothing where the values say no more than that there are two."""
    a, b = value(values["a"]), value(values["b"])
    if {a, b} <= {gettext("yes"), gettext("no"), "–"} or max(len(a), len(b)) > LONG:
        return ""
    return gettext(", %(a)s or %(b)s", a=a, b=b)
