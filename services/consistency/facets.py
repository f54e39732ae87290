"""How many alerts there are by state, severity and departments, each under the filters on the other two."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from services.consistency.domain.wanted import Tally


def facets(
    tallies: Sequence[Tally], state: str | None, severity: str | None, departments: Sequence[str]
) -> dict[str, Any]:
    by_state, by_severity = Counter[str](), Counter[str]()
    by_departments = Counter[tuple[str, ...]]()
    for one in tallies:
        of_state = one.state == state if state is not None else one.state != "merged"
        of_severity = severity in (None, one.severity)
        between = is_between(one.departments, departments)
        by_state[one.state] += one.count * (of_severity and between)
        by_severity[one.severity] += one.count * (of_state and between)
        by_departments[one.departments] += one.count * (of_state and of_severity)
    pairs = sorted(by_departments.items(), key=lambda item: (-item[1], item[0]))
    return {
        "by_state": dict(+by_state),
        "by_severity": dict(+by_severity),
        "by_departments": [{"departments": list(pair), "count": count} for pair, count in pairs if count],
    }


def is_between(pair: Sequence[str], wanted: Sequence[str]) -> bool:
    """As the list reads it: one department on either side, two as both sides."""
    return wanted[0] in pair if len(wanted) == 1 else not wanted or sorted(wanted) == sorted(pair)
