"""How the console writes times, numbers and lengths of time, in the viewer's language."""

from datetime import UTC, datetime
from datetime import date as Date

from babel.dates import format_date

from services.gateway.console.languages import SPOKEN, capitalised, counted, gettext, number, pgettext


def moment(text: str | None) -> datetime | None:
    """A time of the interface (RFC 3339), in UTC; None where there is none."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def written(when: datetime | Date, pattern: str) -> str:
    return format_date(when, pattern, locale=SPOKEN.get().locale)


def day(text: str | None) -> str:
    """`Monday, 20 October 2025`."""
    when = moment(text)
    return capitalised(written(when, pgettext("date pattern", "EEEE, d MMMM y"))) if when else gettext("Without a date")


def date(text: str | None) -> str:
    """`20 Oct 2025`."""
    when = moment(text)
    return written(when, pgettext("date pattern", "d MMM y")) if when else "–"


def day_on_axis(day: Date) -> str:
    """`20 Oct 2025`, in few characters."""
    return written(day, pgettext("date pattern on an axis", "d MMM y"))


def month_on_axis(day: Date) -> str:
    """`Oct 2025`, in few characters."""
    return written(day, pgettext("date pattern on an axis", "MMM y"))


def clock(text: str | None) -> str:
    """`16:44`."""
    when = moment(text)
    return f"{when:%H:%M}" if when else ""


def date_and_time(text: str | None) -> str:
    """`20 Oct 2025, 16:44`, which pages say is UTC."""
    return gettext("%(date)s, %(time)s", date=date(text), time=clock(text)) if moment(text) else "–"


def span(start: str, hours: int) -> str:
    """How a span of so many hours is called: `20 Oct`, or `20 Oct 16:00` where it is shorter than a day."""
    when = moment(start)
    if when is None:
        return "–"
    of_the_year = written(when, pgettext("date pattern on an axis", "d MMM"))
    return of_the_year if hours >= 24 else f"{of_the_year} {clock(start)}"


def percent(share: float) -> str:
    return percentage(round(share * 100))


def percentage(plain: float) -> str:
    """`90 %`."""
    return gettext("%(number)s %%", number=number(plain))


def duration(seconds: float) -> str:
    """In the unit that says most: `40 minutes`, `5 hours`, `3 days`."""
    if seconds >= 1.5 * 86_400:
        return days(round(seconds / 86_400))
    if seconds >= 1.5 * 3_600:
        return hours(round(seconds / 3_600))
    if seconds >= 1.5 * 60:
        return minutes(round(seconds / 60))
    return counted("%(count)s second", "%(count)s seconds", round(seconds))


def days(length: float) -> str:
    return counted("%(count)s day", "%(count)s days", length)


def hours(length: float) -> str:
    return counted("%(count)s hour", "%(count)s hours", length)


def minutes(length: float) -> str:
    return counted("%(count)s minute", "%(count)s minutes", length)


def rate(per_second: float) -> str:
    """Records a second, with as many digits as say something."""
    return number(per_second, "#,##0" if per_second >= 10 else "#,##0.0") if per_second else "0"
