"""Follows the topic `alerts`: each state of each alert is kept, and looked at by the notifier."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson

from services.consistency.notify.matchers import labels_of
from services.consistency.notify.store.watched import Heard, WatchedAlerts
from services.consistency.notify.watched import shown
from shared.kafka.records import DeadLetter, Record

GROUP = "consistency-notify"
RulesOf = Callable[[Sequence[str]], Awaitable[dict[str, str]]]
"""By conflict, the rule that found it; those that are not known are left out."""


async def follow_alerts(records: Sequence[Record], watched: WatchedAlerts, rules_of: RulesOf) -> list[DeadLetter]:
    """Keeps the newest revision of each alert; to hear an old one again changes nothing."""
    dead: list[DeadLetter] = []
    newest: dict[str, dict[str, Any]] = {}
    for record in records:
        if record.value is None:
            continue
        try:
            alert = orjson.loads(record.value)
            if alert["id"] not in newest or newest[alert["id"]]["revision"] < alert["revision"]:
                labels_of(alert, ())
                newest[alert["id"]] = alert
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            dead.append(DeadLetter(record, f"not an alert: {type(error).__name__}"))
    rules = await rules_of([one["conflict"] for alert in newest.values() for one in alert["examples"]])
    await watched.hear([heard(alert, rules) for alert in newest.values()])
    return dead


def heard(alert: dict[str, Any], rules: dict[str, str]) -> Heard:
    """An alert without open conflicts keeps the rules that were known of it."""
    found = [rules[one["conflict"]] for one in alert["examples"] if one["conflict"] in rules]
    labels = labels_of(alert, found)
    return Heard(
        alert["id"],
        alert["revision"],
        shown(alert),
        {label: values for label, values in labels.items() if label != "rule" or found},
    )
