"""Alerts as a company of many departments has them after a quarter, each with some conflicts, in the store."""

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar, get_args

from services.consistency.domain.conflict import KINDS, Kind, Span
from services.consistency.domain.feedback import VERDICT_OF
from services.consistency.domain.severity import A_DAY
from services.consistency.domain.stored import (
    ONEVOICE,
    Alert,
    AlertState,
    Assignee,
    ConflictState,
    Dismissal,
    Judgement,
    PairState,
    Ref,
    Sender,
    Step,
    StoredConflict,
    Verdict,
    moment_of,
)
from services.consistency.severity import SHIPPED, read
from services.consistency.store import Store
from services.consistency.store.documents import alert_row, conflict_row, touched
from shared.events import Channel, Department
from shared.mongo import Database, insert_new
from shared.retention import shipped
from shared.retention.documents import NEVER, kept

Choice = TypeVar("Choice")

DAYS = 90
AT_ONCE = 500
STATES: dict[AlertState, int] = {"open": 35, "acknowledged": 5, "resolved": 35, "dismissed": 20, "merged": 5}
OF_KIND: dict[Kind, int] = dict(zip(KINDS, (60, 12, 10, 6, 12), strict=True))
DISMISSED: dict[Dismissal, int] = {"not_a_conflict": 60, "tolerated": 25, "duplicate": 15}
RULES = [f"contradiction.{name}" for name in ("amount", "date", "polarity", "percent", "status", "comparer", "choice")]
ATTRIBUTES = ("price", "refund_amount", "delivery_date", "discount", "status", "fee", "availability", "term")
LANGUAGES: dict[tuple[str, ...], int] = {("en",): 50, ("ru",): 20, ("zh",): 15, ("en", "ru"): 10, ("de", "en"): 5}
CUSTOMERS: dict[int, int] = {1: 30, 2: 20, 3: 20, 8: 15, 40: 10, 700: 4, 12_000: 1}
"""Most alerts reach few customers; there are as many conflicts of each as `Made` says, whatever an alert counts."""


@dataclass(frozen=True)
class Made:
    """Up to `now` (microseconds); the same for the same numbers."""

    alerts: int
    conflicts_each: int
    now: int

    def rows(self) -> Iterator[tuple[Alert, list[StoredConflict]]]:
        chance = random.Random(7)
        scale = read(SHIPPED)
        stands: list[str] = []
        for number in range(self.alerts):
            alert = an_alert(chance, number, self.now, stands)
            stands += [alert.id] if alert.state == "open" and len(stands) < 1_000 else []
            yield scale.judged(alert, self.now), some_conflicts(chance, alert, self.conflicts_each)

    async def write(self, database: Database, tell: Callable[[int], None]) -> None:
        """As if everything had been published; `tell` is told how many alerts have been written since. Indexes come
        last, which is faster."""
        alerts: list[Alert] = []
        conflicts: list[StoredConflict] = []
        for alert, its in self.rows():
            alerts.append(alert)
            conflicts += its
            if len(alerts) == AT_ONCE:
                await _write(database, alerts, conflicts)
                tell(len(alerts))
                alerts, conflicts = [], []
        await _write(database, alerts, conflicts)
        tell(len(alerts))

    async def prepare(self, database: Database) -> None:
        await Store(database, shipped()).prepare()


async def _write(database: Database, alerts: list[Alert], conflicts: list[StoredConflict]) -> None:
    published = {"published": 1}
    await insert_new(database["alerts"], [{**alert_row(one), **touched(), **published} for one in alerts])
    rows = [{**conflict_row(one), **touched(), **published, "ends": NEVER} for one in conflicts]
    rows = [{**row, **kept(moment_of(row["updated_at"]), None)} for row in rows]
    await insert_new(database["conflicts"], rows)


def an_alert(chance: random.Random, number: int, now: int, stands: list[str]) -> Alert:
    """`stands`: alerts into which it may be merged."""
    kind, state = drawn(chance, OF_KIND), drawn(chance, STATES)
    state = "open" if state == "merged" and not stands else state
    found = now - int(DAYS * A_DAY * chance.random())
    last = min(now, found + int(3 * A_DAY * chance.random()))
    customers = drawn(chance, CUSTOMERS)
    alert = Alert(
        id=alert_id(number),
        kind=kind,
        attribute=chance.choice(ATTRIBUTES),
        subject=f"order LW-{20_000 + number}" if number % 3 else "Premium plan",
        state="open",
        senders=senders(chance, kind),
        values=(f"GBP {1 + number % 90}.00", f"GBP {91 + number % 7}.50"),
        customers=customers,
        conflicts=customers,
        first_seen=found,
        last_seen=last,
        reason="Marketing told the customer GBP 29.00 a month on the 3rd; support told them GBP 36.50 on the 9th.",
        examples=(),
        history=(Step("open", ONEVOICE, found, "found", "found"),),
        revision=1,
        spreading=False,
        updated_at=last,
        trace=None,
        confidence=round(0.5 + chance.random() / 2, 2),
        rules=tuple(sorted(chance.sample(RULES, 1 + (number % 8 == 0)))) if kind == "contradiction" else (kind,),
        languages=drawn(chance, LANGUAGES),
        assignee=Assignee("department", chance.choice(get_args(Department))) if number % 6 == 0 else None,
    )
    return decided(chance, alert, state, min(now, last + int(A_DAY * chance.random())), stands)


def decided(chance: random.Random, alert: Alert, state: AlertState, at: int, stands: list[str]) -> Alert:
    """The alert, brought into the state."""
    dismissal = drawn(chance, DISMISSED) if state == "dismissed" else None
    verdict: Verdict = VERDICT_OF[dismissal] if dismissal else "right" if state == "resolved" else "undecided"
    judgement = None if verdict == "undecided" else Judgement(verdict, at, "Ada")
    steps = () if state == "open" else (Step(state, "Ada", at, "as we know it"),)
    into = chance.choice(stands) if state == "merged" else None
    alert = replace(alert, state=state, dismissal=dismissal, judgement=judgement, merged_into=into, updated_at=at)
    return replace(alert, history=(*alert.history, *steps))


def senders(chance: random.Random, kind: Kind) -> tuple[Sender, Sender]:
    first, second = chance.sample(get_args(Department)[: 6 if chance.random() < 0.6 else None], 2)
    campaign = f"campaign-{chance.randrange(2_000)}"
    return Sender() if kind == "consent" else Sender(first, campaign=campaign), Sender(second, template="macro-7")


def some_conflicts(chance: random.Random, alert: Alert, count: int) -> list[StoredConflict]:
    pair: PairState = "settled" if alert.state == "resolved" and chance.random() < 0.3 else "open"
    shown: ConflictState = (
        "settled" if pair == "settled" else alert.state if alert.state in ("resolved", "dismissed") else "open"
    )
    return [one_conflict(chance, alert, f"{alert.id} {number}", pair, shown) for number in range(count)]


def one_conflict(
    chance: random.Random, alert: Alert, told: str, pair: PairState, shown: ConflictState
) -> StoredConflict:
    moment = alert.first_seen + int((alert.last_seen - alert.first_seen) * chance.random())
    channel = chance.choice(get_args(Channel))
    sides = [Ref("//crm.example.com", f"{told} {side}", channel, moment - (side == "a") * A_DAY) for side in "ab"]
    return StoredConflict(
        id=name(told),
        customer=f"customer-{chance.randrange(50_000):05}",
        kind=alert.kind,
        attribute=alert.attribute,
        subject=alert.subject,
        a=sides[0],
        b=sides[1],
        reason=alert.reason,
        spans=(Span(sides[0].id, 10, 19, "GBP 29.00"), Span(sides[1].id, 14, 23, "GBP 36.50")),
        confidence=alert.confidence,
        rule=(alert.rules or ("",))[0],
        values=alert.values,
        senders=alert.senders,
        b_time=moment,
        alert=alert.id,
        pair=pair,
        state=shown,
        fresh=False,
        left=(),
        revision=1,
        found_at=moment,
        updated_at=alert.updated_at,
        trace=None,
        channel=channel,
        corrected_at=moment + A_DAY if pair == "settled" else None,
        languages=alert.languages,
    )


def drawn(chance: random.Random, weights: dict[Choice, int]) -> Choice:
    return chance.choices(list(weights), list(weights.values()))[0]


def alert_id(number: int) -> str:
    return name(f"alert {number}")


def name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
