"""The detector as the service, the pre-flight check and the command line run it."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from pydantic import Field

from services.consistency.domain.comparer.comparer import Comparer, shipped_comparer
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.rule import Contradictions
from services.consistency.domain.detector import Detector, Rule
from services.consistency.domain.embargo.statement import default_telling, statement_reader
from services.consistency.domain.embargo.words import default_words
from services.consistency.domain.lexicon_files import read_shared
from services.consistency.domain.promotional import default_promotional
from services.consistency.domain.rules.consent import consent_rule
from services.consistency.domain.rules.embargo import embargo_rule
from services.consistency.domain.rules.open_case import open_case_rule
from services.consistency.domain.rules.pressure import pressure_rule
from services.consistency.domain.similarity import best_similarity
from services.consistency.judge.opening import open_reviewer
from services.consistency.judge.settings import JudgeSettings
from shared.events import Customer, Embargo, EmbargoEvent, Message, MessageEvent
from shared.settings import Group


class DetectorSettings(Group):
    comparer: Literal["on", "off"] = Field("on", validation_alias="ONEVOICE_COMPARER")
    """Off: the rules judge alone."""


def default_rules() -> tuple[Rule, ...]:
    """The rules in their order, with the data files as they stand."""
    return (default_contradictions(), *other_rules(default_comparer()))


def default_comparer() -> Comparer | None:
    return shipped_comparer() if DetectorSettings().comparer == "on" else None


@lru_cache(maxsize=1)
def default_contradictions() -> Contradictions:
    """The rule that compares what two messages say; one, for what it has read and judged is kept. Raises `ValueError`
    that says what is wrong with the settings of the outside judge."""
    reviewer = open_reviewer(JudgeSettings())
    return Contradictions(load_lexicon(), best_similarity(), default_comparer(), reviewer)


def other_rules(comparer: Comparer | None = None) -> tuple[Rule, ...]:
    """The rules that need not compare what two messages say."""
    policy = read_shared("policy")
    is_promotional = default_promotional()
    pressure = policy["pressure"]
    return (
        consent_rule(is_promotional),
        open_case_rule(is_promotional, frozenset(name.casefold() for name in policy["open_case"]["categories"])),
        embargo_rule(statement_reader(default_words(), default_telling(), comparer)),
        pressure_rule(is_promotional, int(pressure["cap"]), timedelta(hours=float(pressure["window_hours"]))),
    )


def warm_up(detector: Detector) -> None:
    """Has the detector load what the first message would else wait for: its models take seconds."""
    told = "Harbour Bank takes over Quay Insurance."
    start = datetime(2026, 3, 2, tzinfo=UTC)
    embargo = EmbargoEvent(
        specversion="1.0",
        id="embargo",
        source="//onevoice/warm-up",
        type="touchpoint.embargo.v1",
        time=start,
        data=Embargo(department="executive", matter=told, until=start + timedelta(days=9)),
    )
    messages = [
        MessageEvent(
            specversion="1.0",
            id=f"message {day}",
            source="//onevoice/warm-up",
            type="touchpoint.message.v1",
            time=start + timedelta(days=day),
            data=Message(
                customer=Customer(id="-"), department="sales", channel="email", direction="outbound", text=text
            ),
        )
        for day, text in enumerate((told, "Quay Insurance stays on its own."), 1)
    ]
    detector.detect(messages, [embargo])


@lru_cache(maxsize=1)
def default_detector() -> Detector:
    """All kinds of conflict; built once, for the data files are read once."""
    return Detector(default_rules())
