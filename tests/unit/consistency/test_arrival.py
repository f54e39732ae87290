from hypothesis import given, settings
from hypothesis import strategies as st

from services.consistency.domain.detector import Detector
from services.consistency.scenarios import conflicts_in, read_scenarios
from tests.unit.consistency.timeline import DETECTOR, Event, case, consent, delivery, embargo, said

TIMELINE: tuple[Event, ...] = (
    embargo("emb", 0, 60, "closure of the Leeds warehouse", "Leeds"),
    consent("w", 1, "sms", "withdrawn"),
    case("o", 2, "opened"),
    *(said(f"m{hour}", hour) for hour in range(3, 10)),
    said("leak", 11, "The Leeds warehouse is shutting in spring.", department="sales", purpose="relationship"),
    said("sms", 12, channel="sms"),
    delivery("d", 13, "m4", "bounced"),
    case("c", 14, "closed"),
    consent("g", 15, "sms", "granted"),
    said("late", 16, channel="sms"),
)


def found(detector: Detector, events: list[Event]) -> list[tuple[str, str, str, str]]:
    return [(c.kind, c.a.id, c.b.id, c.reason) for c in detector.detect(events)]


@settings(max_examples=60, deadline=None)
@given(st.permutations(TIMELINE), st.lists(st.sampled_from(TIMELINE), max_size=5))
def test_order_and_repetition_of_arrival_change_nothing(events: list[Event], again: list[Event]) -> None:
    assert found(DETECTOR, [*events, *again]) == found(DETECTOR, list(TIMELINE))


def test_the_timeline_holds_every_kind_of_rule() -> None:
    assert {kind for kind, *_ in found(DETECTOR, list(TIMELINE))} == {"consent", "open_case", "embargo", "pressure"}


def test_spans_are_where_they_say() -> None:
    for scenario in read_scenarios([f"tests/scenarios/dev.{language}.jsonl" for language in ("en", "ru", "zh")]):
        texts = {event.id: event.data.text for event in scenario.events if event.type == "touchpoint.message.v1"}
        for conflict in conflicts_in(scenario, DETECTOR):
            for span in conflict.spans:
                assert span.text
                assert texts[span.event][span.start : span.end] == span.text
