"""The roll of alerts against the same lists and counts made plainly."""

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.consistency.domain.columns import FIRST_ROOM
from services.consistency.domain.roll import Card, Roll
from services.consistency.domain.severity import SEVERITIES
from services.consistency.domain.wanted import ORDERS, RANKS, Key, Order, Tally, WantedAlerts

STATES = ("open", "resolved", "merged")
KINDS = ("consent", "contradiction")
PAIRS = (("billing", "sales"), ("customer", "sales"), ("sales", "sales"))
FEW = st.integers(0, 3)
CARDS = st.builds(
    Card,
    id=st.integers(0, 40).map(lambda number: f"a{number}"),
    revision=st.integers(1, 3),
    state=st.sampled_from(STATES),
    severity=st.sampled_from(SEVERITIES),
    kind=st.sampled_from(KINDS),
    departments=st.sampled_from(PAIRS),
    last_seen=FEW,
    customers=FEW,
    assigned=st.sampled_from((None, "person:Ada")),
    rules=st.sampled_from((("r1",), ("r1", "r2"), (), None)),
    languages=st.sampled_from((("en",), ("en", "ru"))),
    verdict=st.sampled_from(("right", "wrong", "undecided")),
    judged_on=FEW,
).map(
    lambda card: replace(
        card,
        verdict=None if card.state == "merged" else card.verdict,
        judged_on=card.judged_on if card.state != "merged" and card.verdict != "undecided" else None,
    )
)
NARROWED = st.builds(
    WantedAlerts,
    state=st.sampled_from((None, *STATES)),
    kind=st.sampled_from((None, *KINDS)),
    departments=st.sampled_from(((), ("sales",), ("sales", "billing"), ("sales", "sales"))),
    severity=st.sampled_from((None, *SEVERITIES)),
    assigned=st.sampled_from((None, "person:Ada")),
    rule=st.sampled_from((None, "r1", "r2")),
    language=st.sampled_from((None, "ru")),
    verdict=st.sampled_from((None, "right")),
    judged=st.sampled_from((None, (1, 2))),
)


def is_wanted(card: Card, wanted: WantedAlerts, *, in_state: bool = True, days: bool = True) -> bool:
    of_state = card.state == wanted.state if wanted.state is not None else card.state != "merged"
    pair = wanted.departments
    return all(
        (
            of_state or not in_state,
            wanted.kind in (None, card.kind),
            wanted.severity in (None, card.severity),
            wanted.assigned in (None, card.assigned),
            wanted.verdict in (None, card.verdict),
            wanted.rule is None or wanted.rule in (card.rules or ()),
            wanted.language is None or wanted.language in card.languages,
            not pair or (pair[0] in card.departments if len(pair) == 1 else tuple(sorted(pair)) == card.departments),
            not days
            or wanted.judged is None
            or (card.judged_on is not None and wanted.judged[0] <= card.judged_on <= wanted.judged[1]),
        )
    )


def place(card: Card, order: Order) -> Key:
    values: dict[str, Any] = {
        "_id": card.id,
        "rank": RANKS[card.severity],
        "last_seen": card.last_seen,
        "customers": card.customers,
    }
    return tuple(values[field] for field in ORDERS[order])


def latest(cards: list[Card]) -> dict[str, Card]:
    known: dict[str, Card] = {}
    for card in cards:
        if card.id not in known or card.revision > known[card.id].revision:
            known[card.id] = card
    return known


@given(st.lists(CARDS, max_size=60), NARROWED, st.sampled_from(tuple(ORDERS)), st.integers(1, 7), st.sets(FEW))
def test_pages_one_after_the_other_are_the_list(
    cards: list[Card], wanted: WantedAlerts, order: Order, limit: int, dropped: set[int]
) -> None:
    roll, known = Roll(), latest(cards)
    roll.put(cards)
    roll.drop(f"a{number}" for number in dropped)
    left = [card for card in known.values() if card.id not in {f"a{number}" for number in dropped}]
    assert len(roll) == len(left)
    listed = sorted(
        (card for card in left if is_wanted(card, wanted)), key=lambda card: place(card, order), reverse=True
    )
    found: list[str] = []
    key: Key | None = None
    while page := roll.page(wanted, order, key, limit):
        assert len(page) <= limit
        found += page
        key = place(known[page[-1]], order)
    assert found == [card.id for card in listed]


@given(st.lists(CARDS, max_size=60), NARROWED)
def test_counts_are_those_of_the_cards(cards: list[Card], wanted: WantedAlerts) -> None:
    roll, known = Roll(), latest(cards).values()
    roll.put(cards)
    assert roll.totals() == Counter(card.state for card in known)
    of = [card for card in known if is_wanted(card, wanted, in_state=False)]
    tallies = Counter((card.state, card.severity, card.departments) for card in of)
    assert {(one.state, one.severity, one.departments): one.count for one in roll.tallies(wanted)} == tallies
    assert all(isinstance(one, Tally) for one in roll.tallies(wanted))
    counts = roll.counts(wanted)
    judged = [card for card in of if card.verdict in ("right", "wrong")]
    undecided = [
        card for card in known if is_wanted(card, wanted, in_state=False, days=False) and card.verdict == "undecided"
    ]
    alike = Counter(
        (card.rules or (), card.departments, card.languages, card.verdict) for card in (*judged, *undecided)
    )
    found = Counter[tuple[object, ...]]()
    for one in counts.cells:  # without rules and not known are two cells
        found[one.rules, one.departments, one.languages, one.verdict] += one.count
    assert found == alike
    days = Counter((card.judged_on, card.verdict) for card in judged)
    assert {(one.day, one.verdict): one.count for one in counts.days} == days


def test_the_roll_grows_and_an_older_revision_changes_nothing() -> None:
    roll = Roll()
    card = Card("", 2, "open", "low", "consent", ("sales", "sales"), 0, 1)
    many = [replace(card, id=f"a{number:06}", last_seen=number) for number in range(3 * FIRST_ROOM)]
    assert roll.put(many) == len(many)
    assert roll.put([replace(many[0], revision=1, state="resolved"), many[1], replace(many[2], revision=3)]) == 1
    assert roll.totals() == {"open": len(many)}
    assert roll.page(WantedAlerts(), "last_seen", None, 2) == [many[-1].id, many[-2].id]


def test_the_roll_knows_what_is_to_be_judged_and_counted_again() -> None:
    roll = Roll()
    card = Card("a1", 1, "open", "low", "consent", ("sales", "sales"), 0, 1, scale="mine")
    roll.put([card, replace(card, id="a2", scale="another"), replace(card, id="a3", rules=None, scale=None)])
    roll.put([replace(card, id="a4", rules=None, state="merged")])
    assert roll.judged_otherwise("mine", 9) == ["a2", "a3"]
    assert roll.judged_otherwise("mine", 1) == ["a2"]
    assert roll.without_rules(9) == ["a3"]
