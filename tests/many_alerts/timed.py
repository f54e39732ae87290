"""What is asked of the gateway where there are many alerts, and how long each answer takes."""

import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from pymongo import MongoClient
from rich.table import Table

from shared.web.window import today

BARE = 50
"""Documents of the bare query."""


@dataclass(frozen=True)
class Asked:
    """A question by its name; a cursor in a list's answer leads to its next page, which is asked for then."""

    what: str
    path: str
    pages: int = 1


@dataclass(frozen=True)
class Figure:
    """Seconds of each answer; `failed`: how many were none; `cpu`: seconds of the servers' time an answer, pages before
    the one that is timed included."""

    what: str
    seconds: list[float]
    failed: int = 0
    cpu: float | None = None

    def row(self, bare: float) -> list[str]:
        if not self.seconds:
            return [self.what, "–", "–", "–", "–", "–", str(self.failed)]
        ordered = sorted(self.seconds)
        middle, worst = statistics.median(ordered), ordered[-1]
        shown = [
            f"{1_000 * ordered[0]:,.0f}",
            f"{1_000 * middle:,.0f}",
            f"{1_000 * worst:,.0f}",
            f"{middle / bare:,.1f}",
        ]
        return [self.what, *shown, str(self.failed or "")]


def lists() -> Iterator[Asked]:
    first, last = today() - timedelta(days=20), today() - timedelta(days=14)
    narrowings = {
        "all": "",
        "open": "state=open",
        "open, critical": "state=open&severity=critical",
        "open, of a kind": "state=open&kind=embargo",
        "open, of a department": "state=open&department=billing",
        "open, between two": "state=open&department=sales&department=support",
        "open, of a rule": "state=open&rule=contradiction.amount",
        "open, in a language": "state=open&language=zh",
        "assigned": "assignee=department:billing",
        "dismissed, wrong": "state=dismissed&verdict=wrong",
        "judged right in a week": f"verdict=right&from={first}&to={last}",
        "merged": "state=merged",
        "like nothing": "state=acknowledged&severity=critical&department=it&department=executive&rule=pressure",
    }
    for sort in ("last_seen", "severity", "customers"):
        for what, query in narrowings.items():
            yield Asked(f"list by {sort}: {what}", f"/v1/alerts?limit=50&sort={sort}&{query}")
        yield Asked(f"list by {sort}: ten further pages", f"/v1/alerts?limit=50&sort={sort}&state=open", pages=11)


def figures_and_pages(alerts: list[str]) -> Iterator[Asked]:
    """`alerts`: ids whose pages are asked for."""
    yield Asked("counts", "/v1/alerts/counts")
    yield Asked("counts, open", "/v1/alerts/counts?state=open")
    yield Asked(
        "counts, open, narrowed", "/v1/alerts/counts?state=open&severity=high&rule=contradiction.date&language=ru"
    )
    yield Asked("feedback, 90 days", "/v1/feedback?days=90")
    yield Asked("feedback, narrowed", "/v1/feedback?days=30&rule=contradiction.amount&language=en")
    yield Asked("overview's figures", "/v1/overview?days=90")
    yield Asked("page: alerts", "/alerts")
    yield Asked("page: alerts, all, by customers", "/alerts?state=all&sort=customers")
    yield Asked("page: alerts, further", "/alerts", pages=5)
    yield Asked("page: feedback", "/feedback")
    yield Asked("page: overview", "/")
    for alert in alerts:
        yield Asked("page: an alert", f"/alerts/{alert}")


def bare(client: MongoClient[dict[str, Any]], ids: list[str]) -> Callable[[], None]:
    """Fifty documents by an index, and nothing else."""
    alerts = client["onevoice"]["alerts"]

    def query() -> None:
        found = list(alerts.find({"_id": {"$in": ids[:BARE]}}))
        if len(found) != BARE:
            raise LookupError(f"{len(found)} of {BARE} documents are there")

    return query


def timed(one: Callable[[], Any]) -> float:
    began = time.perf_counter()
    one()
    return time.perf_counter() - began


def asked(client: httpx.Client, one: Asked, times: int, cpu_seconds: Callable[[], float]) -> Figure:
    """The last page of each walk is timed."""
    seconds: list[float] = []
    failed = 0
    used = cpu_seconds()
    for _ in range(times):
        path: str | None = one.path
        took: float | None = None
        for _ in range(one.pages):
            if path is None:
                break
            began = time.perf_counter()
            answer = client.get(path)
            took = time.perf_counter() - began
            if answer.status_code != 200:
                took = None
                break
            path = further(one.path, answer)
        if took is None:
            failed += 1
        else:
            seconds.append(took)
    return Figure(one.what, seconds, failed, (cpu_seconds() - used) / times if times else None)


def cpu_of(processes: Iterable[int]) -> float:
    """Seconds of processor time that the processes have used."""
    ticks = 0
    for process in processes:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def further(path: str, answer: httpx.Response) -> str | None:
    """The address of the next page, of a list or of a page that shows one."""
    if answer.headers["content-type"].startswith("application/json"):
        found: Any = answer.json()
        cursor = found.get("next")
    else:
        _, _, rest = answer.text.partition('<a rel="next" href="')
        return rest.partition('"')[0].replace("&amp;", "&") or None
    return f"{path}&cursor={cursor}" if cursor else None


def together(figures: list[Figure]) -> list[Figure]:
    """Those of one name as one."""
    by_name: dict[str, Figure] = {}
    for one in figures:
        before = by_name.get(one.what, Figure(one.what, []))
        counts = [len(each.seconds) + each.failed for each in (before, one)]
        cpu = sum((each.cpu or 0) * count for each, count in zip((before, one), counts, strict=True)) / max(
            1, sum(counts)
        )
        by_name[one.what] = Figure(one.what, before.seconds + one.seconds, before.failed + one.failed, cpu)
    return list(by_name.values())


def table(figures: list[Figure], query: Figure, title: str) -> Table:
    shown = Table(title=title)
    shown.add_column("what")
    for heading in ("best, ms", "p50, ms", "worst, ms", "p50 / bare", "CPU, ms", "no answer"):
        shown.add_column(heading, justify="right")
    middle = statistics.median(query.seconds)
    for one in (query, *figures):
        shown.add_row(*one.row(middle))
    return shown
