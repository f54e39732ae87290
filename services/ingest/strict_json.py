"""JSON as strictly as a contract needs it (I-JSON, RFC 7493): no NaN, no lone surrogates, no repeated names."""

import json
import re
from typing import Any

import orjson

from shared.web.problems import problem

MAX_DEPTH = 64
NAME = re.compile(rb'"[ \t\r\n]*:')
Mistake = dict[str, str]


class Repeated(dict[str, Any]):
    """An object in which a name stands twice."""

    name: str


def load(body: bytes) -> Any:
    """Raises 400 where the body is not JSON in UTF-8."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise problem(400, f"The body is not JSON: {error}.") from None


def mistakes(items: list[Any], body: bytes) -> dict[int, Mistake]:
    """What makes single events unfit before the contract is looked at, by their place in `items`.

    In JSON without escaped quotes each quote followed by a colon ends a name, so as many of them as there
    are names in what was parsed shows that none was repeated. Only where the counts differ is the body
    read again, slowly.
    """
    names = 0
    found: dict[int, Mistake] = {}
    for index, item in enumerate(items):
        count = names_in(item, MAX_DEPTH)
        if count is None:
            found[index] = {"path": "$", "reason": f"nested deeper than {MAX_DEPTH} levels"}
        else:
            names += count
    if not found and len(NAME.findall(body)) == names:
        return found
    return repeated_names(body, len(items)) | found


def names_in(value: Any, depth: int) -> int | None:
    """Names in all objects of the value; None where it is nested deeper than `depth`."""
    if not isinstance(value, dict | list):
        return 0
    total = len(value) if isinstance(value, dict) else 0
    for part in value.values() if isinstance(value, dict) else value:
        if type(part) is dict or type(part) is list:
            count = names_in(part, depth - 1) if depth else None
            if count is None:
                return None
            total += count
    return total


def repeated_names(body: bytes, count: int) -> dict[int, Mistake]:
    """The first repeated name of each of the `count` events; raises 400 where nothing can be said of single ones."""

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) == len(pairs):
            return built
        names = [name for name, _ in pairs]
        marked = Repeated(built)
        marked.name = next(name for name in names if names.count(name) > 1)
        return marked

    try:
        whole = json.loads(body, object_pairs_hook=build, parse_int=len, parse_float=len)
    except RecursionError:
        raise problem(400, "The body is nested too deeply.") from None
    items = whole if isinstance(whole, list) and count == len(whole) else [whole]
    places = {index: first_repeated(item) for index, item in enumerate(items)}
    return {
        index: {"path": path, "reason": f"the name {name[:64]!r} stands here more than once"}
        for index, (path, name) in ((i, place) for i, place in places.items() if place is not None)
    }


def first_repeated(item: Any) -> tuple[str, str] | None:
    """Path and name of a repeated name, looked for without recursion."""
    waiting: list[tuple[str, Any]] = [("$", item)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Repeated):
            return path, value.name
        if isinstance(value, dict):
            waiting += [(f"{path}.{name[:64]}", part) for name, part in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}[{place}]", part) for place, part in enumerate(value)]
    return None
