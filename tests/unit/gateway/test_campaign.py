"""Whom a campaign is for: one id a line, or CSV, each once."""

import pytest
from fastapi_problem.error import Problem

from services.gateway.campaign import MAX_CUSTOMERS, customers_in, planned_for


@pytest.mark.parametrize(
    ("text", "customers"),
    [
        ("c-1\nc-2\r\nc-1\n\n c-3 ", ["c-1", "c-2", "c-3"]),
        ('customer_id,name\nc-1,Ann\n"c,2", Bob\n', ["c-1", "c,2"]),
        ("\ufeffID\nклиент 1", ["клиент 1"]),
        ("c-1;Ann", ["c-1;Ann"]),
    ],
)
def test_the_first_column_is_read(text: str, customers: list[str]) -> None:
    assert customers_in(text) == customers


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "at least one"),
        ("customer\n", "at least one"),
        ("c-1\n" + "x" * 257, "Customer 2:"),
        ("c-1\nc\t2", "Customer 2:"),
        ("\n".join(map(str, range(MAX_CUSTOMERS + 1))), "10,001 customers: at most 10,000"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, says: str) -> None:
    with pytest.raises(Problem) as refused:
        customers_in(text)
    assert says in str(refused.value.detail)


def test_the_message_needs_no_customer_of_its_own() -> None:
    data = {"department": "marketing", "channel": "email", "text": "25 % off"}
    assert planned_for(data, ["c-1", "c-2"]).data.customer.id == "c-1"
    whole = {
        "specversion": "1.0",
        "type": "touchpoint.message.v1",
        "id": "m",
        "source": "//s",
        "time": "2026-03-01T09:00:00Z",
        "data": {**data, "direction": "outbound"},
    }
    assert planned_for(whole, ["c-1"]).id == "m"
    for wrong in ({"specversion": "1.0"}, {**data, "channel": "pigeon"}):
        with pytest.raises(Problem):
            planned_for(wrong, ["c-1"])
