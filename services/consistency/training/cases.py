"""Lists every two messages of scenario files as the comparer would read them, with what the rules say of them.

python -m services.consistency.training.cases --out cases.jsonl FILES...
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from services.consistency.domain.comparer.nearness import nearness_by
from services.consistency.domain.comparer.rendering import rendered
from services.consistency.domain.contradiction.judgement import thorough
from services.consistency.domain.contradiction.lexicon import load_lexicon
from services.consistency.domain.contradiction.message import Message, Reader
from services.consistency.domain.contradiction.pairing import compare_messages
from services.consistency.domain.contradiction.relatedness import Relatedness
from services.consistency.domain.contradiction.rule import in_force
from services.consistency.domain.history import History
from services.consistency.domain.similarity import best_similarity
from services.consistency.scenarios import Scenario, customers_of, read_scenarios


@dataclass(slots=True)
class Case:
    """Two messages that reached one customer: `strength` is of the rules' best finding whatever their threshold,
    `cosine` how near their nearest sentences are, `gone` that the earlier one was corrected or had run out,
    `thorough` that all layers of the comparer are asked."""

    scenario: str
    language: str
    a: str
    b: str
    first: str
    second: str
    strength: float
    cosine: float
    gone: bool
    thorough: bool
    expected: bool


def cases(paths: Sequence[str]) -> Iterator[Case]:
    lexicon = load_lexicon()
    similarity = best_similarity()
    nearness = nearness_by(similarity)
    reader, relatedness = Reader(lexicon), Relatedness(lexicon, similarity)
    for scenario in read_scenarios(paths):
        wanted = {pair for pair, kind in scenario.pairs if kind == "contradiction"}
        for messages in told(scenario, reader):
            for at, later in enumerate(messages):
                for earlier in messages[:at]:
                    found, _ = compare_messages(earlier, later, lexicon, relatedness, least=0.0)
                    first, second = rendered(earlier, later, lexicon, nearness)
                    yield Case(
                        scenario=scenario.id,
                        language=scenario.language,
                        a=earlier.event.id,
                        b=later.event.id,
                        first=first,
                        second=second,
                        strength=found.strength if found is not None else 0.0,
                        cosine=nearness.of([earlier], later)[0],
                        gone=not in_force(earlier, later),
                        thorough=thorough(earlier, later, found, lexicon.comparer["typed"]),
                        expected=frozenset((earlier.event.id, later.event.id)) in wanted,
                    )


def told(scenario: Scenario, reader: Reader) -> Iterator[list[Message]]:
    for events in customers_of(scenario).values():
        yield [reader.message(event) for event in History.of(events).messages]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("files", nargs="+")
    given = parser.parse_args()
    with given.out.open("w", encoding="utf-8") as out:
        for case in cases(given.files):
            out.write(json.dumps(asdict(case), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
