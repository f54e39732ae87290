"""`python -m shared.kafka` creates the topics that are missing."""

import asyncio

from shared.kafka.topics import ensure_topics
from shared.settings import KafkaSettings

if __name__ == "__main__":
    created = asyncio.run(ensure_topics(KafkaSettings()))
    print("created: " + ", ".join(created) if created else "every topic is there already")
