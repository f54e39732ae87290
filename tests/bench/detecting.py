"""Detection on one core: each layer by itself over the labelled scenarios, and its share of the whole."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from services.consistency.detection import default_comparer
from services.consistency.domain.comparer.nearness import nearness_by
from services.consistency.domain.comparer.rendering import rendered
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.message import Message, Reader
from services.consistency.domain.contradiction.pairing import compare_messages
from services.consistency.domain.contradiction.relatedness import Relatedness
from services.consistency.domain.history import History
from services.consistency.domain.similarity import EncoderSimilarity
from shared.events import MessageEvent, parse_event
from tests.bench.figure import Figure

SCENARIOS = Path(__file__).parents[1] / "scenarios"
LANGUAGES = ("en", "ru", "zh")
Answer = TypeVar("Answer")


def detection() -> Iterator[Figure]:
    for language in LANGUAGES:
        yield from layers(language, list(histories(language)))


def layers(language: str, told: Sequence[tuple[MessageEvent, ...]]) -> Iterator[Figure]:
    """Messages a second through the claims, the sentence vectors, and what is known already; then pairs a second."""
    events = [event for events in told for event in events]
    lexicon, encoder = load_lexicon(), EncoderSimilarity()
    nearness, relatedness = nearness_by(encoder), Relatedness(lexicon, encoder)
    encoder.vector("loads the model")
    reader = Reader(lexicon)
    reader.message(events[0])

    def read() -> list[Message]:
        return [reader.message(event) for event in events]

    reading, messages = timed(read)
    vectors, _ = timed(lambda: [nearness.of([message], message) for message in messages])
    again, _ = timed(read)
    count = len(events)
    yield Figure("detection", f"{language}, claims of new texts", "messages/s", (count / reading,))
    yield Figure("detection", f"{language}, with sentence vectors", "messages/s", (count / (reading + vectors),))
    yield Figure("detection", f"{language}, texts seen before", "messages/s", (count / again,))

    by_event = dict(zip((id(event) for event in events), messages, strict=True))
    pairs = [
        (by_event[id(earlier)], by_event[id(later)])
        for history in told
        for at, later in enumerate(history)
        for earlier in history[:at]
    ]
    rules, _ = timed(lambda: [compare_messages(*pair, lexicon, relatedness) for pair in pairs])
    spent = {"claims": reading, "vectors": vectors, "rules": rules}
    yield Figure("detection", f"{language}, pairs by rules", "pairs/s", (len(pairs) / rules,))
    comparer = default_comparer()
    if comparer is not None:
        texts = [rendered(*pair, lexicon, nearness) for pair in pairs]
        comparer.verdicts([("loads the", "model")])
        spent["comparer"], _ = timed(lambda: comparer.verdicts(texts))
        new = len(pairs) / spent["comparer"]
        yield Figure("detection", f"{language}, new pairs by the comparer", "pairs/s", (new,))
        known, _ = timed(lambda: comparer.verdicts(texts))
        yield Figure("detection", f"{language}, pairs seen before", "pairs/s", (len(pairs) / known,))
    for layer, seconds in spent.items():
        yield Figure("detection", f"{language}, share of {layer}", "%", (100 * seconds / sum(spent.values()),))


def timed(work: Callable[[], Answer]) -> tuple[float, Answer]:
    """Seconds, and what came of it."""
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def histories(language: str) -> Iterator[tuple[MessageEvent, ...]]:
    with (SCENARIOS / f"dev.{language}.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield History.of([parse_event(json.dumps(event)) for event in json.loads(line)["events"]]).messages
