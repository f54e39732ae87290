"""The routes file: who is told of which alerts, and what holds others back. Read strictly; docs/notifications.md."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from services.consistency.notify.matchers import Label, Labels, Matcher, match, matcher, names_something
from services.consistency.notify.quiet import MOST_WINDOWS, Quiet
from services.consistency.notify.receivers import MICROSECONDS, AnyReceiver, Duration, check_secrets
from shared.toml_file import load

MINUTE = 60 * MICROSECONDS
NAME = r"^[a-z0-9][a-z0-9_-]{0,39}$"
Name = Annotated[str, Field(pattern=NAME)]
ALERT = "alert"
GroupLabel = Label | Literal["alert"]


class RoutesError(ValueError):
    """The file cannot be used; the text names it, the place in it and what is wrong."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


def matchers_in(value: Any) -> Any:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError("write a list of matchers, such as ['severity = critical']")
    return tuple(matcher(text) for text in value)


def names_a_part(matchers: tuple[Matcher, ...]) -> tuple[Matcher, ...]:
    if not names_something(matchers):
        raise ValueError("matches every alert; name at least one value")
    return matchers


Matchers = Annotated[tuple[Matcher, ...], BeforeValidator(matchers_in)]


class Timing(Part):
    """`group_wait`: how long the first alert of a group waits for others; `group_interval`: the least time between two
    notifications of a group; `repeat_interval`: after which what is still open is told again."""

    group_by: tuple[GroupLabel, ...] = ("kind", "department")
    group_wait: Duration = 30 * MICROSECONDS
    group_interval: Duration = Field(default=5 * MINUTE)
    repeat_interval: Duration = Field(default=4 * 60 * MINUTE, ge=MINUTE)


class Route(Timing):
    """Alerts that match go to each receiver in `to`; `more`: the routes after it are asked as well."""

    name: Name
    when: Matchers = ()
    to: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20)]
    more: Annotated[bool, Field(strict=True)] = False
    quiet: Annotated[tuple[Quiet, ...], Field(max_length=MOST_WINDOWS)] = ()


class Inhibition(Part):
    """While an alert that matches `source` is open or acknowledged, those that match `target` and have a value of each
    of `equal` in common with it are told to nobody."""

    source: Annotated[Matchers, AfterValidator(names_a_part)]
    target: Annotated[Matchers, AfterValidator(names_a_part)]
    equal: tuple[Label, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert goes: a receiver by a route, together with the alerts that have the same labels there."""

    route: str
    receiver: str
    by: tuple[tuple[str, str], ...]

    @property
    def group(self) -> str:
        """The group's id, 24 hex digits."""
        parts = [self.route, self.receiver, *(part for pair in self.by for part in pair)]
        return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:24]


class Routes(Part):
    defaults: Timing = Field(default_factory=Timing)
    route: Annotated[tuple[Route, ...], Field(max_length=200)] = ()
    inhibit: Annotated[tuple[Inhibition, ...], Field(max_length=100)] = ()
    receiver: Annotated[dict[Name, AnyReceiver], Field(max_length=100)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def hangs_together(self) -> "Routes":
        names = [route.name for route in self.route]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two routes are called {name!r}")
        for route in self.route:
            for name in route.to:
                if name not in self.receiver:
                    known = ", ".join(sorted(self.receiver)) or "none"
                    raise ValueError(f"route {route.name!r} goes to {name!r}, which is no receiver; there are: {known}")
        return self

    @property
    def digest(self) -> str:
        """Another one means that alerts may have to go elsewhere."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    @property
    def takes_everything(self) -> bool:
        """Whether every alert goes somewhere."""
        return any(not names_something(route.when) for route in self.route)

    def by_name(self, name: str) -> Route | None:
        return next((route for route in self.route if route.name == name), None)

    def places(self, alert: str, labels: Labels) -> Iterator[Place]:
        """Where the alert goes; the first route that matches takes it, unless it lets `more` have it too."""
        for route in self.route:
            if match(route.when, labels):
                by = tuple(
                    (name, alert if name == ALERT else ", ".join(labels.get(name, ()))) for name in route.group_by
                )
                for receiver in route.to:
                    yield Place(route.name, receiver, by)
                if not route.more:
                    return


NO_ROUTES = Routes()


def read(file: Path | None) -> Routes:
    """What the file says; nobody is told anything where there is none. Raises `RoutesError`."""
    if file is None:
        return NO_ROUTES
    plain = load(file, RoutesError)
    try:
        routes = Routes.model_validate(with_defaults(plain))
    except ValidationError as error:
        raise RoutesError(f"{file}: " + "; ".join(mistakes(error, plain))) from error
    for name, receiver in routes.receiver.items():
        try:
            check_secrets(receiver)
        except ValueError as error:
            raise RoutesError(f"{file}: receiver.{name}: {error}") from error
    return routes


def with_defaults(plain: dict[str, Any]) -> dict[str, Any]:
    """Each route with the timing of `[defaults]` where it has none of its own."""
    defaults, listed = plain.get("defaults"), plain.get("route")
    if not isinstance(defaults, dict) or not isinstance(listed, list):
        return plain
    return {**plain, "route": [{**defaults, **route} if isinstance(route, dict) else route for route in listed]}


def mistakes(error: ValidationError, plain: dict[str, Any]) -> list[str]:
    """`route.pages.group_wait: write a length of time as ...`: routes by their names, where they have one."""
    found = []
    for item in error.errors(include_url=False, include_input=False):
        place = [str(part) for part in item["loc"]]
        if len(place) > 1 and place[0] == "route" and place[1].isdecimal():
            place[1] = name_of(plain.get("route"), int(place[1]))
        message = item["msg"].removeprefix("Value error, ")
        found.append(f"{'.'.join(place)}: {message}" if place else message)
    return list(dict.fromkeys(found))


def name_of(listed: Any, number: int) -> str:
    route = listed[number] if isinstance(listed, list) and number < len(listed) else None
    name = route.get("name") if isinstance(route, dict) else None
    return name if isinstance(name, str) else str(number + 1)
