"""`python -m shared.retention show` prints how long everything is kept; `apply` applies it to topics and to what is
stored already, after a change."""

import argparse
import asyncio
import sys
from collections.abc import Iterator

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError
from tqdm import tqdm

from shared.kafka.topics import TOPICS, TOUCHPOINTS, ensure_topics
from shared.mongo import connect
from shared.retention.applying import apply_to_documents, documents_in, now
from shared.retention.table import EMBARGO, FOR_EVER, Retention, RetentionError, read, shorter
from shared.settings import KafkaSettings, MongoSettings, RetentionSettings


def lines(retention: Retention) -> Iterator[str]:
    log = retention.topics[TOUCHPOINTS]
    yield from (line("topic", topic.name, retention.topics[topic.name]) for topic in TOPICS)
    for name, days in retention.documents.items():
        beyond = f"   a rebuild brings back the last {log} days alone" if name != EMBARGO and shorter(log, days) else ""
        yield line("documents", name, days) + beyond
    yield line("documents", "withdrawn conflicts", retention.derived.withdrawn_conflicts)
    yield line("documents", "identities at the door", retention.derived.identities)
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
        with tqdm(total=await documents_in(database), unit=" documents", desc="dates") as bar:
            changed = await apply_to_documents(database, retention, now(), bar.update)
    print("documents changed: " + ", ".join(f"{name} {count:,}" for name, count in changed.items()))
    return 1 if topics.refused else 0


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
