"""Events and conflicts for tests of the stores."""

from dataclasses import replace

from services.consistency.domain.stored import StoredConflict
from shared.events import CustomerEvent
from tests.unit.consistency.told import NOW, message, stored


def told(customer: str, number: int, text: str = "words") -> CustomerEvent:
    return message(f"{customer}-{number}", hour=number, customer={"id": customer}, text=text)


def pair(number: int, customer: str, alert: str = "a1") -> StoredConflict:
    return replace(stored(customer), id=f"k{number:05d}", customer=customer, alert=alert, found_at=NOW + number)
