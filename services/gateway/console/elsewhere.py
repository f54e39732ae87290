"""What other parts of Onevoice say in English, in the viewer's language.

Other services, and what of the gateway answers tools too, say in English why something cannot be. The sentences that
the console may meet stand here once more, so that catalogues have them; whatever else is said is shown as it came.
"""

import re
from collections.abc import Iterator

from services.gateway.console.languages import ENGLISH, N_, SPOKEN, gettext

SENTENCES = (
    # titles of problems
    N_("Bad request"),
    N_("Authentication needed"),
    N_("Method not allowed"),
    N_("Request timed out"),
    N_("Too large"),
    N_("Unsupported media type"),
    N_("Too many requests"),
    N_("Unexpected fault"),
    # whatever is asked
    N_("There is no word to look for yet: one has at least two letters or digits."),
    N_("Looking for these words took too long: give more of them, or rarer ones."),
    N_("Not Found"),
    N_("Nothing can have this id: ids have 1 to 256 printable characters."),
    N_("No touchpoint of a customer %(id)s is known."),
    N_("No alert %(id)s is known."),
    N_("A server behind this one does not answer at the moment."),
    N_("The %(service)s service does not answer as it should."),
    N_("The fault is logged on our side. Trying again later may help."),
    N_("At most %(most)s bytes."),
    N_("not looked at yet"),
    N_("no answer: %(error)s"),
    # alerts
    N_("The alert is %(state)s; only one that is %(states)s can become %(target)s."),
    N_("The alert is merged into %(id)s: decide about that one, or split this one off."),
    N_("until: a time that is still to come, within a year."),
    N_("The alert is acknowledged; send another `until` to change how long."),
    N_("Who is to see to it? Name a person or a department."),
    N_("The alert is assigned to %(name)s already."),
    N_("The alert is assigned to nobody."),
    N_("A comment needs words."),
    N_("reason: say how it was resolved; a correction that reaches every customer resolves it by itself."),
    N_("kind: say why it is none: %(kinds)s."),
    N_("reason: say in your words why it is dismissed."),
    N_("Every conflict of the alert was withdrawn or settled: nothing is left to reopen."),
    N_("An alert cannot be merged into itself."),
    N_("The alert is merged into %(id)s already: split it off first."),
    N_("The alert %(id)s is %(state)s; only an open or acknowledged one takes others in."),
    N_("One is about %(kind)s, the other about %(other)s: these have no cause in common."),
    N_("The alert %(id)s is merged into this one."),
    N_("The alert is not merged into another one."),
    # silences and notifications
    N_("There are %(count)s silences already; end some first, the oldest are listed first."),
    N_("The matchers would hide every alert; name a kind, a department or another label."),
    N_("The end is past; a silence ends at a time to come."),
    N_("A silence lasts %(days)s days at the most; make it anew then if it is still needed."),
    N_("The silence has ended already."),
    N_("%(text)s is no regular expression: %(error)s"),
    N_("the value of %(label)s has at most %(most)s printable characters"),
    N_("%(value)s is no %(label)s; there are %(known)s"),
    N_("Only a notification that was given up can be retried; this one was not, or is under way."),
    # campaigns
    N_("Which customers? Name at least one."),
    N_("The list of customers cannot be read as CSV: %(error)s."),
    N_("Customer %(number)s: an id has 1 to %(most)s printable characters."),
    N_("%(count)s customers: at most %(most)s are checked at once. Send a part of them."),
    N_("%(count)s campaigns are being checked; try again."),
    N_("The check ended before it began; try again."),
    # dead letters
    N_("The dead letters are being read."),
    N_("Kafka does not answer as it should."),
    N_("its bytes are no longer on the topic"),
    N_("not known here"),
    N_("it was replayed and failed again: %(letter)s is what to replay"),
    N_("it was replayed by %(by)s at %(at)s"),
    N_("it was replayed"),
    N_("it is not a dead letter"),
    N_("nothing is replayed onto the topic %(topic)s"),
    N_("No dead letter at offset %(offset)s is known here; the newest are."),
)
PLACE = re.compile(r"%\\\((\w+)\\\)s")


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for sentence in SENTENCES:
        yield sentence, re.compile(PLACE.sub(r"(?P<\1>.+?)", re.escape(sentence)))


PATTERNS = tuple(patterns())


def said(text: str) -> str:
    """The text in the viewer's language where it is one of the sentences above, else as it is."""
    if SPOKEN.get() is ENGLISH:
        return text
    found = ((sentence, match) for sentence, pattern in PATTERNS if (match := pattern.fullmatch(text)))
    sentence, match = next(found, (text, None))
    return gettext(sentence, **match.groupdict()) if match else text
