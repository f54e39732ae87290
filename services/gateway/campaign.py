"""Whom a campaign is for, and its planned message."""

import csv
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import orjson

from services.gateway.plan import planned_message
from shared.events import MessageEvent
from shared.web.paths import MAX_ID, UNPRINTABLE
from shared.web.problems import problem

MAX_CUSTOMERS = 10_000
HEADINGS = frozenset({"customer", "customer_id", "customer id", "customerid", "customers", "id"})
"""What a first line may say, in upper or lower case, without being a customer."""


def customers_in(text: str) -> list[str]:
    """The first column of CSV, or one id a line; each once. Raises a problem 422 that says which line is wrong."""
    lines = text.lstrip("\ufeff").splitlines()
    try:
        rows = [row[0].strip() if row else "" for row in csv.reader(lines, skipinitialspace=True)]
    except csv.Error as error:
        raise problem(422, f"The list of customers cannot be read as CSV: {error}.") from error
    if rows and rows[0].casefold() in HEADINGS:
        rows[0] = ""
    return checked((number, row) for number, row in enumerate(rows, 1) if row)


def checked(numbered: Iterable[tuple[int, str]]) -> list[str]:
    """Each once, in their order; `numbered` has the place of each in what was sent."""
    found: dict[str, None] = {}
    for number, customer in numbered:
        if not 1 <= len(customer) <= MAX_ID or UNPRINTABLE.search(customer):
            raise problem(422, f"Customer {number:,}: an id has 1 to {MAX_ID} printable characters.")
        found[customer] = None
    if not found:
        raise problem(422, "Which customers? Name at least one.")
    if len(found) > MAX_CUSTOMERS:
        raise problem(
            422, f"{len(found):,} customers: at most {MAX_CUSTOMERS:,} are checked at once. Send a part of them."
        )
    return list(found)


def planned_for(message: dict[str, Any], customers: list[str]) -> MessageEvent:
    """The message's data, or a whole CloudEvent, with one of the customers in it; raises a problem 422."""
    whole = "specversion" in message
    data = message.get("data") if whole else message
    if not isinstance(data, dict):
        raise problem(422, "$.message.data: a message's data is an object.")
    addressed = {**data, "customer": {"id": customers[0]}}
    return planned_message(orjson.dumps({**message, "data": addressed} if whole else addressed), f"plan-{uuid4()}")
