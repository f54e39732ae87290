"""Follows the topic `alerts`: each state of each alert is kept, and looked at by the notifier."""

from collections.abc import Sequence
from typing import Any

import orjson

from services.consistency.notify.matchers import Label, labels_of
from services.consistency.notify.store.watched import Heard, WatchedAlerts
from services.consistency.notify.watched import shown
from shared.kafka.records import DeadLetter, Record

GROUP = "consistency-notify"
YOUNGER: dict[str, Label] = {"rules": "rule", "languages": "language"}
"""Fields of an alert that older versions do not publish, with the labels that come of them."""


async def follow_alerts(records: Sequence[Record], watched: WatchedAlerts) -> list[DeadLetter]:
    """Keeps the newest revision of each alert; to hear an old one again changes nothing."""
    dead: list[DeadLetter] = []
    newest: dict[str, dict[str, Any]] = {}
    for record in records:
        if record.value is None:
            continue
        try:
            alert = orjson.loads(record.value)
            if alert["id"] not in newest or newest[alert["id"]]["revision"] < alert["revision"]:
                labels_of(alert)
                newest[alert["id"]] = alert
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            dead.append(DeadLetter(record, f"not an alert: {type(error).__name__}"))
    await watched.hear([heard(alert) for alert in newest.values()])
    return dead


def heard(alert: dict[str, Any]) -> Heard:
    unknown = {label for field, label in YOUNGER.items() if field not in alert}
    labels = {label: values for label, values in labels_of(alert).items() if label not in unknown}
    return Heard(alert["id"], alert["revision"], shown(alert), labels)
