"""What a notification says: the body of a webhook, and the same in the words of a chat and of a mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import quote

import orjson

from services.consistency.domain.stored import moment_of, written
from services.consistency.notify.notification import Cover, Group, Notification
from services.consistency.notify.receivers import EmailReceiver
from services.consistency.notify.watched import Watched

LISTED = 20
MAX_REASON = 300
MAX_SUBJECT = 150
Json = dict[str, Any]
CHANGES = {
    "opened": "Open",
    "worsened": "Graver",
    "closed": "Closed",
    "still_open": "Still open",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell a group: alerts that changed, others that are still open, and how many are open in all."""

    changes: Sequence[tuple[Watched, Cover]]
    still_open: Sequence[Watched]
    open_count: int


def body_of(group: Group, told: Told, console: str, now: int) -> str:
    """JSON in the form that Standard Webhooks recommends: `{"type", "timestamp", "data"}`."""
    changed = [entry(watched, cover.change, console) for watched, cover in told.changes[:LISTED]]
    rest = [entry(watched, "still_open", console) for watched in told.still_open[: LISTED - len(changed)]]
    changes = [cover.change for _, cover in told.changes]
    still_open = max(told.open_count - sum(change != "closed" for change in changes), 0)
    data: Json = {
        "route": group.route,
        "receiver": group.receiver,
        "group": dict(group.by),
        "sequence": group.sequence + 1,
        "counts": {
            **{name: changes.count(name) for name in ("opened", "worsened", "closed")},
            "still_open": still_open,
        },
        "alerts": changed + rest,
        "more": max(len(changes) + still_open - len(changed) - len(rest), 0),
        "link": f"{console}/alerts",
    }
    return dumped("alerts.changed" if changes else "alerts.still_open", data, now)


def test_body(receiver: str, console: str, by: str, now: int) -> str:
    return dumped("test", {"receiver": receiver, "by": by, "link": f"{console}/notifications"}, now)


def dumped(kind: str, data: Json, now: int) -> str:
    return orjson.dumps({"type": kind, "timestamp": written(now), "data": data}).decode()


def entry(watched: Watched, change: str, console: str) -> Json:
    alert = watched.alert
    return {
        "id": watched.id,
        "link": link(console, watched.id),
        "change": change,
        "state": alert["state"],
        "kind": alert["kind"],
        "severity": alert.get("severity"),
        "attribute": alert["attribute"],
        "subject": alert["subject"],
        "departments": list(watched.labels["department"]),
        "campaigns": list(watched.labels["campaign"]),
        "reason": alert["reason"][:MAX_REASON],
        "customers": alert["customers"],
        "conflicts": alert["conflicts"],
        "first_seen": alert["first_seen"],
        "last_seen": alert["last_seen"],
    }


def link(console: str, alert: str) -> str:
    return f"{console}/alerts/{quote(alert, safe='')}"


def headline(content: Mapping[str, Any]) -> str:
    """One line, such as `2 alerts open, 1 closed: contradiction, billing, sales`."""
    data = content["data"]
    if content["type"] == "test":
        return f"A test, asked for by {data['by']}"
    counts = data["counts"]
    parts = [
        f"{counts[name]} {word}"
        for name, word in (
            ("opened", "open"),
            ("worsened", "graver"),
            ("closed", "closed"),
            ("still_open", "still open"),
        )
        if counts[name]
    ]
    number = sum(counts.values())
    about = ", ".join(about_whom(data))
    said = f"{'Alert' if number == 1 else 'Alerts'}: {', '.join(parts) or 'none open'}"
    return f"{said} ({about})" if about else said


def about_whom(data: Mapping[str, Any]) -> list[str]:
    """What the alerts of a notification have in common; of a single one, its kind and departments."""
    common = [text.replace("_", " ") for label, text in data["group"].items() if text and label != "alert"]
    if common or len(data["alerts"]) != 1:
        return common
    [alert] = data["alerts"]
    return [alert["kind"].replace("_", " "), *alert["departments"]]


def one_line(alert: Mapping[str, Any]) -> str:
    """`Open: contradiction of price, billing and sales, 12 customers`."""
    severity = f"{alert['severity']} " if alert["severity"] else ""
    about = f" of {alert['attribute'].replace('_', ' ')}" if alert["attribute"] else ""
    who = " and ".join(alert["departments"])
    customers = f"{alert['customers']:,} customer{'' if alert['customers'] == 1 else 's'}"
    kind = alert["kind"].replace("_", " ")
    return f"{CHANGES[alert['change']]}: {severity}{kind}{about}{f', {who}' if who else ''}, {customers}"


def slack_body(notification: Notification) -> Json:
    """Text with Slack's own marks, which Mattermost and Rocket.Chat read as well."""
    content = orjson.loads(notification.body)
    data = content["data"]
    lines = [f"*{escaped(headline(content))}*"]
    for alert in data.get("alerts", ()):
        lines.append(f"• <{alert['link']}|{escaped(one_line(alert))}>\n   {escaped(alert['reason'])}")
    lines.append(f"<{data['link']}|{more_of(data)}>")
    return {"text": "\n".join(lines)}


def escaped(text: str) -> str:
    """Text from outside never becomes a mark, a link or a mention."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "¦")


def more_of(data: Mapping[str, Any]) -> str:
    return f"{data['more']:,} more" if data.get("more") else "Open the console"


def mail_of(notification: Notification, receiver: EmailReceiver) -> EmailMessage:
    """`Message-ID` is the notification's id, the same at each try; mails of one group are one thread."""
    content = orjson.loads(notification.body)
    data = content["data"]
    domain = parseaddr(receiver.sender)[1].partition("@")[2]
    mail = EmailMessage()
    mail["From"] = receiver.sender
    mail["To"] = ", ".join(receiver.to)
    mail["Subject"] = f"[Onevoice] {' '.join(headline(content).split())}"[:MAX_SUBJECT]
    mail["Date"] = format_datetime(moment_of(notification.created_at))
    mail["Message-ID"] = f"<{notification.id}@{domain}>"
    if notification.group:
        mail["References"] = f"<{notification.group}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Webhook-Id"] = notification.id
    lines = [headline(content), ""]
    for alert in data.get("alerts", ()):
        lines += [one_line(alert), f"  {' '.join(alert['reason'].split())}", f"  {alert['link']}", ""]
    lines.append(f"{more_of(data)}: {data['link']}")
    mail.set_content("\n".join(lines))
    return mail
