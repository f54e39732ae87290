"""Values of claims, as the detector writes them, in the form people write them."""

import json
import re
from collections.abc import Callable
from typing import Any

from babel.numbers import format_currency

from services.gateway.console.formats import date, days, hours, minutes, moment, percentage
from services.gateway.console.languages import N_, SPOKEN, counted, gettext, number, pgettext
from services.gateway.console.matters import STATED
from services.gateway.console.wording import Names

NUMBER = r"-?\d+(?:\.\d+)?"
QUANTITY = re.compile(rf"(?P<low>{NUMBER})(?:\.\.(?P<high>{NUMBER}))? (?P<unit>[\w:%-]+)(?: per (?P<days>{NUMBER}) d)?")
PERIODS = Names(
    {
        "1": N_("%(amount)s a day"),
        "7": N_("%(amount)s a week"),
        "30.4375": N_("%(amount)s a month"),
        "91.3125": N_("%(amount)s a quarter"),
        "365.25": N_("%(amount)s a year"),
    }
)
LENGTHS: tuple[tuple[float, Callable[[float], str]], ...] = ((1.0, days), (1 / 24, hours), (1 / 1440, minutes))
"""The detector writes durations in days."""
UNITS: dict[str, Callable[[float], str]] = {
    "percent": percentage,
    "number": number,
    "d": days,
    "h": hours,
    "min": minutes,
}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}(T\S+)?")


def value(plain: Any) -> str:
    """A line of text, whatever the value's form: `42 money:USD per 30.4375 d` is `US$42.00 a month`."""
    match plain:
        case None | "":
            return "–"
        case bool():
            return gettext("yes") if plain else gettext("no")
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
    return _quantity(found) if found else STATED.get(plain) or plain.replace("_", " ")


def _quantity(found: re.Match[str]) -> str:
    unit, period = found["unit"], found["days"]
    numbers = [_with_unit(one, unit) for one in (found["low"], found["high"]) if one]
    amount = (
        pgettext("from one value to another", "%(low)s to %(high)s", low=numbers[0], high=numbers[-1])
        if found["high"]
        else numbers[0]
    )
    if period is None:
        return amount
    if period in PERIODS:
        return PERIODS[period] % {"amount": amount}
    return counted("%(amount)s every %(count)s day", "%(amount)s every %(count)s days", float(period), amount=amount)


def _with_unit(plain: str, unit: str) -> str:
    kind, _, currency = unit.partition(":")
    if unit == "duration":
        return _duration(float(plain))
    if kind == "money" and currency:
        return _money(plain, currency)
    return UNITS[unit](float(plain)) if unit in UNITS else f"{number(plain)} {unit.replace('_', ' ')}"


def _money(plain: str, currency: str) -> str:
    """Without cents where there are none."""
    locale, whole = SPOKEN.get().locale, float(plain).is_integer()
    pattern = locale.currency_formats["standard"].pattern
    return format_currency(
        plain, currency, pattern.replace(".00", "") if whole else pattern, locale=locale, currency_digits=not whole
    )


def _duration(plain: float) -> str:
    """`14 days`, `4 hours`, `40 minutes`: the largest unit of which there is one."""
    length, worded = next(((length, worded) for length, worded in LENGTHS if abs(plain) >= 0.99 * length), LENGTHS[-1])
    return worded(round(plain / length, 0 if length < 1 else 2))
