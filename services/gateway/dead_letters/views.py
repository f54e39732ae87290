"""Dead letters as the API and the console show them."""

from typing import Any

from services.gateway.dead_letters.index import Index, Wanted
from services.gateway.dead_letters.letters import Letter, Original, number
from services.gateway.dead_letters.rendering import line, printable, shown
from services.gateway.dead_letters.replay import MOST, Plan, why_not
from services.gateway.dead_letters.shapes import DeadLetter, DeadLetterDetail, DeadLetterPage, Earlier, Replay
from shared.events import timestamp

MAX_EXAMPLES = 10
MAX_SKIPPED = 100


def page(index: Index, wanted: Wanted, limit: int, before: int | None) -> DeadLetterPage:
    """Newest first; `next` is the offset below which the next page starts."""
    found = [letter for letter, _ in zip(index.newest(wanted, before), range(limit + 1), strict=False)]
    return {
        "items": [listed(index, letter) for letter in found[:limit]],
        "next": str(found[limit - 1].offset) if len(found) > limit else None,
    }


def listed(index: Index, letter: Letter) -> DeadLetter:
    mark = index.mark_of(letter)
    origin = letter.origin
    return {
        "offset": letter.offset,
        "state": index.state(letter),
        "reason": printable(letter.reason, keep=""),
        "consumer": letter.consumer,
        "origin": {"topic": origin.topic, "partition": origin.partition, "offset": origin.offset},
        "at": timestamp(letter.at) if letter.at else None,
        "key": line(letter.key),
        "bytes": letter.size,
        "trace": letter.trace,
        "round": letter.round,
        "replayable": why_not(index, letter) is None,
        "replayed": {"by": mark.by, "at": mark.at} if mark else None,
        "came_back_as": index.came_back_as(letter),
    }


def detail(index: Index, letter: Letter, original: Original | None) -> DeadLetterDetail:
    """`original` is None where it is no longer kept."""
    return {
        **listed(index, letter),
        "same_record": [one.offset for one in index.same_record(letter) if one is not letter],
        "history": [earlier(one) for one in letter.history],
        "original": {"key": shown(original.key), "value": shown(original.value)} if original else None,
    }


def earlier(plain: dict[str, Any]) -> Earlier:
    return {
        "offset": number(plain.get("offset")),
        "consumer": str(plain.get("consumer", "")),
        "reason": printable(str(plain.get("reason", "")), keep=""),
        "at": str(plain.get("at", "")),
        "round": number(plain.get("round")),
        "by": str(plain.get("by", "")),
        "replayed_at": str(plain.get("replayed_at", "")),
    }


def replay(index: Index, plan: Plan, dry_run: bool) -> Replay:
    """What was done, or would be."""
    letters = plan.letters
    by_topic: dict[str, int] = {}
    for record in plan.records:
        topic = record[0].origin.topic
        by_topic[topic] = by_topic.get(topic, 0) + 1
    return {
        "dry_run": dry_run,
        "letters": len(letters),
        "records": len(plan.records),
        "most": MOST,
        "by_topic": by_topic,
        "examples": [listed(index, letter) for letter in letters[:MAX_EXAMPLES]],
        "skipped": [{"offset": offset, "reason": reason} for offset, reason in plan.skipped[:MAX_SKIPPED]],
    }
