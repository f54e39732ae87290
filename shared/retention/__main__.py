"""`python -m shared.retention show` prints how long everything is kept; `apply` applies it to topics and to what is
stored already, after a change."""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from shared.generations.naming import generation_in
from shared.kafka.topics import TOPICS, TOUCHPOINTS, ensure_topics
from shared.mongo import Database, connect
from shared.retention.applying import apply_to_documents, documents_in, now
from shared.retention.table import EMBARGO, FOR_EVER, Retention, RetentionError, read, shorter
from shared.settings import KafkaSettings, MongoSettings, RetentionSettings

REBUILT = ("journey", "consistency")
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def lines(retention: Retention) -> Iterator[str]:
    log = retention.topics[TOUCHPOINTS]
    yield from (line("topic", topic.name, retention.topics[topic.name]) for topic in TOPICS)
    for name, days in retention.documents.items():
        beyond = f"   a rebuild brings back the last {log} days alone" if name != EMBARGO and shorter(log, days) else ""
        yield line("documents", name, days) + beyond
    yield line("documents", "withdrawn conflicts", retention.derived.withdrawn_conflicts)
    yield line("documents", "identities at the door", retention.derived.identities)
    yield line("documents", "notifications and silences", retention.derived.notifications)
    yield line("documents", "everything of the canary", retention.canary.days)


def line(what: str, name: str, days: int | None) -> str:
    return f"{what:<10} {name:<26} " + (FOR_EVER if days is None else f"{days:>6,} days")


async def apply(retention: Retention) -> int:
    """Exit status: 1 where the broker kept the retention of a topic as it was."""
    topics = await ensure_topics(KafkaSettings(), retention.topics)
    print(f"topics altered: {', '.join(topics.altered) or 'none'}")
    for refused in topics.refused:
        print(f"WARNING: the broker did not alter the retention of {refused}", file=sys.stderr)
    async with connect(MongoSettings(), "onevoice-retention") as database:
        databases = [database, *await generations_beside(database)]
        changed: Counter[str] = Counter()
        with Progress(*COLUMNS) as progress:
            total = sum([await documents_in(one) for one in databases])
            bar = progress.add_task("dates", total=total)
            for one in databases:
                changed.update(await apply_to_documents(one, retention, now(), partial(progress.advance, bar)))
    print("documents changed: " + ", ".join(f"{name} {count:,}" for name, count in changed.items()))
    return 1 if topics.refused else 0


async def generations_beside(first: Database) -> list[Database]:
    """The databases of further generations, of every service that has some."""
    names = await first.client.list_database_names()
    return [first.client[name] for name in names if any(generation_in(name, first.name, one) for one in REBUILT)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m shared.retention", description=__doc__)
    parser.add_argument("what", choices=("show", "apply"))
    what = parser.parse_args().what
    try:
        retention = read(RetentionSettings().file)
        if what == "apply":
            return asyncio.run(apply(retention))
        print("\n".join(lines(retention)))
    except (RetentionError, KafkaError, PyMongoError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
