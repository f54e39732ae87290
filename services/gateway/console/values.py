"""Values of claims, as the detector writes them, in the form people write them."""

import json
import re
from typing import Any

from babel.numbers import format_currency, format_decimal

from services.gateway.console.wording import date, moment

NUMBER = r"-?\d+(?:\.\d+)?"
QUANTITY = re.compile(rf"(?P<low>{NUMBER})(?:\.\.(?P<high>{NUMBER}))? (?P<unit>[\w:%-]+)(?: per (?P<days>{NUMBER}) d)?")
PERIODS: dict[str, str] = {
    "1": "a day",
    "7": "a week",
    "30.4375": "a month",
    "91.3125": "a quarter",
    "365.25": "a year",
}
LENGTHS: tuple[tuple[float, str], ...] = ((1.0, "day"), (1 / 24, "hour"), (1 / 1440, "minute"))
"""The detector writes durations in days."""
UNITS: dict[str, str] = {"percent": " %", "number": "", "d": " days", "h": " hours", "min": " minutes"}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}(T\S+)?")


def value(plain: Any) -> str:
    """A line of text, whatever the value's form: `42 money:USD per 30.4375 d` is `US$42.00 a month`."""
    match plain:
        case None | "":
            return "–"
        case bool():
            return "yes" if plain else "no"
        case str():
            return _text(plain)
        case int() | float():
            return str(plain)
        case _:
            return json.dumps(plain, ensure_ascii=False)


def _text(plain: str) -> str:
    start, slash, end = plain.partition("/")
    if slash and DAY.fullmatch(start) and DAY.fullmatch(end):
        return f"{date(start)} – {date(end)}"
    if DAY.fullmatch(plain) and moment(plain):
        return date(plain)
    found = QUANTITY.fullmatch(plain)
    return plain.replace("_", " ") if found is None else _quantity(found)


def _quantity(found: re.Match[str]) -> str:
    unit, days = found["unit"], found["days"]
    numbers = [_with_unit(number, unit) for number in (found["low"], found["high"]) if number]
    period = "" if days is None else " " + PERIODS.get(days, f"every {days} days")
    return " to ".join(numbers) + period


def _with_unit(number: str, unit: str) -> str:
    kind, _, currency = unit.partition(":")
    if unit == "duration":
        return _duration(float(number))
    if kind == "money" and currency:
        whole = float(number).is_integer()
        return format_currency(number, currency, "¤#,##0" if whole else None, locale="en", currency_digits=not whole)
    return format_decimal(number, locale="en") + UNITS.get(unit, f" {unit.replace('_', ' ')}")


def _duration(days: float) -> str:
    """`14 days`, `4 hours`, `40 minutes`: the largest unit of which there is one."""
    length, one = next(((length, one) for length, one in LENGTHS if abs(days) >= 0.99 * length), LENGTHS[-1])
    whole = round(days / length, 0 if length < 1 else 2)
    return f"{format_decimal(whole, locale='en')} {one if whole == 1 else one + 's'}"
