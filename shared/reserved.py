"""Customers that no person is: those of the canary, which goes the way of all events and disturbs nobody."""

from typing import Any

RESERVED = "onevoice-canary"
"""Ids that begin so are reserved."""
AFTER_RESERVED = RESERVED[:-1] + chr(ord(RESERVED[-1]) + 1)


def is_reserved(customer: str) -> bool:
    return customer.startswith(RESERVED)


def reserved(field: str) -> dict[str, Any]:
    """MongoDB condition: the field is a reserved customer's id. A range, so that an index on it helps."""
    return {field: {"$gte": RESERVED, "$lt": AFTER_RESERVED}}


def not_reserved(field: str) -> dict[str, Any]:
    """Says nothing else of the field; an index on others still helps, which some servers do not find under `$nor`."""
    return {field: {"$not": reserved(field)[field]}}
