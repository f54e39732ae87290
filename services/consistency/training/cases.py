"""What the judge adds to the detector: precision and recall over files of scenarios.

python -m services.consistency.training.measure --judge judge.pt --tune FILES... [--held FILES...]
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.message import Message, Reader
from services.consistency.domain.contradiction.pairing import compare_messages
from services.consistency.domain.contradiction.relatedness import Relatedness
from services.consistency.domain.contradiction.rule import contradiction_rule, settled
from services.consistency.domain.detector import Detector
from services.consistency.domain.history import History
from services.consistency.domain.similarity import best_similarity
from services.consistency.scenarios import Scenario, conflicts_in, read_scenarios
from shared.events import CustomerEvent, EmbargoEvent


@dataclass(slots=True)
class Case:
    """Two messages that reached one customer; `parts` are the pairs of sentences, `engine` whether the rules found
    them, `weak` the strength of the rules' best finding whatever the threshold."""

    scenario: str
    industry: str
    language: str
    texts: tuple[str, str]
    titles: tuple[str, str]
    parts: list[tuple[str, str]]
    cosines: list[float]
    cosine: float
    corrected: bool
    expired: bool
    engine: bool
    weak: float
    expected: bool
    days: float
    linked: bool


def cases(paths: Sequence[str]) -> Iterator[Case]:
    lexicon = load_lexicon()
    similarity = best_similarity()
    every = replace(lexicon, threshold=0.0)
    detector = Detector((contradiction_rule(lexicon, similarity),))
    reader, relatedness = Reader(lexicon), Relatedness(lexicon, similarity)
    lines = [json.loads(line) for path in paths for line in Path(path).read_text("utf-8").splitlines()]
    industries = {line["id"]: line.get("industry", "") for line in lines}
    for scenario in read_scenarios(paths):
        found = {frozenset((c.a.id, c.b.id)) for c in conflicts_in(scenario, detector)}
        wanted = {pair for pair, kind in scenario.pairs if kind == "contradiction"}
        for messages in told(scenario, reader):
            for at, later in enumerate(messages):
                for earlier in messages[:at]:
                    ids = frozenset((earlier.event.id, later.event.id))
                    weak = compare_messages(earlier, later, every, relatedness)
                    gone = weak is not None and settled(earlier, later, weak, messages, lexicon, relatedness)
                    parts = [(a, b) for a in sentences(earlier) for b in sentences(later)]
                    one, other = earlier.event.data, later.event.data
                    until = one.valid_until
                    yield Case(
                        scenario=scenario.id,
                        industry=industries[scenario.id],
                        language=scenario.language,
                        texts=(one.text, other.text),
                        titles=(one.title or "", other.title or ""),
                        parts=parts,
                        cosines=[similarity.between(a, b) for a, b in parts],
                        cosine=similarity.between(one.text, other.text),
                        corrected=other.corrects == earlier.event.id,
                        expired=until is not None and until < later.event.time,
                        engine=ids in found,
                        weak=weak.strength if weak is not None and not gone else 0.0,
                        expected=ids in wanted,
                        days=(later.event.time - earlier.event.time).total_seconds() / 86400,
                        linked=any(
                            getattr(one, f) and getattr(one, f) == getattr(other, f)
                            for f in ("campaign", "thread", "topic")
                        ),
                    )


def told(scenario: Scenario, reader: Reader) -> Iterator[list[Message]]:
    customers: dict[str, list[CustomerEvent]] = {}
    for event in scenario.events:
        if not isinstance(event, EmbargoEvent):
            customers.setdefault(event.data.customer.id, []).append(event)
    for events in customers.values():
        yield [reader.message(event) for event in History.of(events).messages]


def sentences(message: Message) -> list[str]:
    text = message.event.data.text
    return [text[start:end].strip() for start, end in message.reading.sentences if text[start:end].strip()] or [text]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("files", nargs="+")
    given = parser.parse_args()
    with given.out.open("w", encoding="utf-8") as out:
        for case in cases(given.files):
            out.write(json.dumps(asdict(case), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
