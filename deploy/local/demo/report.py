"""What the demo says at its end."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local.demo.alerts import Sightings, delays, summary
from deploy.local.demo.publish import Published
from deploy.local.screen import wide
from deploy.local.stack import Stack

Json = dict[str, Any]


@dataclass(frozen=True)
class Feed:
    """What became of the two parts of the feed: the past, in batches, and the present, event by event."""

    history: Published
    live: Published


@dataclass(frozen=True)
class Found:
    """What the services hold at the end, by their own account."""

    journey: Json
    consistency: Json
    conflicts: list[Json]


def show_report(console: Console, stack: Stack, feed: Feed, found: Found, sightings: Sightings) -> None:
    journey, consistency, conflicts = found.journey, found.consistency, found.conflicts
    table = Table(title="What was found", title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("history", what_was_published(feed.history))
    table.add_row("live", what_was_published(feed.live))
    policies = f"{consistency['policies']:,} policies for all customers"
    table.add_row("stored", f"{journey['touchpoints']:,} touchpoints of {journey['customers']:,} customers, {policies}")
    table.add_row("compared", f"{consistency['messages']:,} messages")
    table.add_row("conflicts", listed(Counter(conflict["kind"] for conflict in conflicts)) or "none")
    table.add_row("alerts", listed(consistency["alerts"].get("by_state", {})) or "none")
    table.add_row("request to alert", how_long(delays(conflicts, feed.live.sent_at, sightings)))
    table.add_section()
    table.add_row("console", f"{stack.at.url('gateway')}/  (sign in with the ops key: {stack.keys.ops})")
    if example := example_of(conflicts, feed.live):
        table.add_row("for example", f"customer {example['customer']}: {example['reason']}")
    wide(console).print(table)
    for item in [*feed.history.rejected, *feed.live.rejected][:5]:
        console.print(f"refused: {item}", style="yellow", markup=False)


def what_was_published(published: Published) -> str:
    parts = [f"{count:,} {verdict}" for verdict, count in sorted(published.verdicts.items())]
    rate = sum(published.verdicts.values()) / max(published.seconds, 0.001)
    again = f", {published.retries} tries repeated" if published.retries else ""
    return f"{', '.join(parts)} in {published.seconds:.1f} s ({rate:,.0f} events/s{again})"


def listed(counts: Mapping[str, int]) -> str:
    each = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
    return f"{sum(counts.values()):,}: {each}" if each else ""


def how_long(values: list[float]) -> str:
    """For what was published live: the history comes all at once, and waits for itself."""
    if not values:
        return "no new alert: all of this was known from an earlier run"
    middle, late = summary(values)
    return f"median {middle:.2f} s, 99th percentile {late:.2f} s, over {len(values):,} alerts"


def example_of(conflicts: list[Json], live: Published) -> Json | None:
    """A contradiction where there is one, of those published live, the surest first."""

    def rank(one: Json) -> tuple[bool, bool, float, str]:
        is_live = (one["b"]["source"], one["b"]["id"]) in live.sent_at
        return (one["kind"] != "contradiction", not is_live, -one["confidence"], one["customer"])

    return min(conflicts, key=rank, default=None)
