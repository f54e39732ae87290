"""Background traffic: one energy supplier and its customers, whom nobody told two different things.

The wording stands in `background.json`. The same seed gives the same events, so that publishing
them again changes nothing.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from babel.dates import format_date

WORDS = Path(__file__).with_name("background.json")
SEED = 20260301
FIRST_START = date(2025, 10, 1)
"""Customers join over the 60 days from here."""
LANGUAGES = ("en", "en", "en", "ru", "zh")
AGENTS = {"en": ("Tess", "Marcus", "Joan"), "ru": ("Ирина", "Павел"), "zh": ("小林", "小何")}
LONG_DATE = {"en": "EEEE d MMMM y", "ru": "d MMMM y 'года'", "zh": "y年M月d日"}
MONTH = {"en": "MMMM y", "ru": "LLLL y", "zh": "y年M月"}

Json = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """One customer, and what the texts to them say."""

    id: str
    language: str
    start: date
    plan: str
    price: int
    visit: date
    fields: dict[str, str]


def background(customers: int = 200) -> list[Json]:
    """CloudEvents in the JSON format, in no particular order; about 20 for each customer."""
    words = json.loads(WORDS.read_text(encoding="utf-8"))
    return [event for number in range(customers) for event in history(number, words)]


def history(number: int, words: Json) -> Iterator[Json]:
    chance = random.Random(f"{SEED}-{number}")  # noqa: S311 - a repeatable story, not a secret
    person = invent(number, words, chance)
    received: set[str] = set()
    for wording in words["messages"]:
        gets_it = (
            wording.get("with", wording["key"]) in received | {wording["key"]} and chance.random() < wording["share"]
        )
        if not gets_it:
            continue
        received.add(wording["key"])
        for repeat in range(wording.get("times", 1)):
            yield from said(person, wording, moment_of(person, wording, repeat), repeat, chance)


def invent(number: int, words: Json, chance: random.Random) -> Person:
    language = chance.choice(LANGUAGES)
    first, last = chance.choice(words["first_names"][language]), chance.choice(words["last_names"][language])
    plan = chance.choice(words["plans"])
    start = FIRST_START + timedelta(days=chance.randrange(60))
    visit = start + timedelta(days=14)
    fields = {
        "company": words["company"],
        "name": last + first if language == "zh" else first,
        "town": chance.choice(words["towns"]),
        "plan": plan["name"],
        "price": str(plan["price"]),
        "account": str(710_000 + number * 7),
        "slot": chance.choice(words["slots"]),
        "agent": chance.choice(AGENTS[language]),
        "start": format_date(start, LONG_DATE[language], locale=language),
        "visit": format_date(visit, LONG_DATE[language], locale=language),
    }
    return Person(f"ab-c-{10_000 + number}", language, start, plan["name"], plan["price"], visit, fields)


def moment_of(person: Person, wording: Json, repeat: int) -> datetime:
    """Between 7 and 19 o'clock; an answer comes a few minutes after its question, at the same hour."""
    if "on" in wording:
        day = date.fromisoformat(wording["on"])
    else:
        day = person.start + timedelta(days=wording["day"] + repeat * wording.get("every", 0))
    hour = random.Random(f"{SEED}-{person.id}-{wording.get('with', wording['key'])}")  # noqa: S311
    at = datetime.combine(day, time(7), UTC) + timedelta(seconds=hour.randrange(12 * 3_600))
    return at + timedelta(minutes=wording.get("minutes", 0))


def said(person: Person, wording: Json, at: datetime, repeat: int, chance: random.Random) -> Iterator[Json]:
    """The message, and what goes with it: its delivery, the case that a question opens and its answer closes."""
    last_month = at.date().replace(day=1) - timedelta(days=1)
    fields = person.fields | {"month": format_date(last_month, MONTH[person.language], locale=person.language)}
    message_id = f"{person.id}-{wording['key']}-{repeat}"
    yield event(message_id, wording["source"], "message", at, message_data(person, wording, fields))
    if wording.get("delivered") and chance.random() < 0.4:
        data = {"customer": {"id": person.id}, "message": message_id, "status": "delivered"}
        yield event(f"{message_id}-mta", "//mta.alderbrook.example.com", "delivery", at + timedelta(seconds=40), data)
    if "case" in wording:
        case = {
            "customer": {"id": person.id},
            "department": "support",
            "case": f"{person.id}-{wording['case']}",
            "category": "question",
        }
        for status, moment in (
            ("opened", at - timedelta(minutes=wording["minutes"])),
            ("closed", at + timedelta(minutes=2)),
        ):
            yield event(f"{message_id}-{status}", wording["source"], "case", moment, case | {"status": status})


def message_data(person: Person, wording: Json, fields: dict[str, str]) -> Json:
    data: Json = {
        "customer": {"id": person.id},
        "department": wording["department"],
        "channel": wording["channel"],
        "direction": wording.get("direction", "outbound"),
        "language": person.language,
        "text": wording["text"][person.language].format_map(fields),
    }
    if "title" in wording:
        data["title"] = wording["title"][person.language].format_map(fields)
    data |= {name: wording[name] for name in ("purpose", "campaign", "template") if name in wording}
    if wording.get("claims"):
        claim = {"subject": person.plan, "attribute": "monthly price", "value": person.price, "unit": "GBP"}
        data["claims"] = [claim]
    return data


def event(event_id: str, source: str, kind: str, at: datetime, data: Json) -> Json:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": f"touchpoint.{kind}.v1",
        "time": at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
