"""`python -m shared.kafka` creates the topics that are missing, and gives the others the retention that is set."""

import asyncio
import sys

from shared.kafka.topics import Ensured, ensure_topics
from shared.retention import RetentionError, read
from shared.settings import KafkaSettings, RetentionSettings


def report(done: Ensured) -> None:
    print("created: " + ", ".join(done.created) if done.created else "every topic is there already")
    if done.altered:
        print("retention altered: " + ", ".join(done.altered))
    for line in done.refused:
        print(f"WARNING: the broker did not alter the retention of {line}", file=sys.stderr)


if __name__ == "__main__":
    try:
        retention = read(RetentionSettings().file)
    except RetentionError as error:
        sys.exit(str(error))
    report(asyncio.run(ensure_topics(KafkaSettings(), retention.topics)))
