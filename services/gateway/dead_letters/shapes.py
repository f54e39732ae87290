"""Dead letters as the gateway answers them, for type checkers and for its OpenAPI document."""

from typing import Literal

from typing_extensions import TypedDict

Form = Literal["json", "text", "hex", "none"]


class Shown(TypedDict):
    """Bytes made fit to be shown: JSON set in lines, other UTF-8 with escapes for what does not print, else a hex
    dump; `none` where a record had none. `bytes` is the size of the whole; `cut`: only its beginning is shown."""

    form: Form
    text: str
    bytes: int
    cut: bool


class Origin(TypedDict):
    topic: str
    partition: int
    offset: int


class Earlier(TypedDict):
    """A letter that the same record was before; `round` counts its replays from 1."""

    offset: int
    consumer: str
    reason: str
    at: str
    round: int
    by: str
    replayed_at: str


class Replayed(TypedDict):
    by: str
    at: str


LetterState = Literal["waiting", "replayed", "failed_again"]


class DeadLetter(TypedDict):
    """A record that could not be processed, why, and what became of it. `offset` is its place on `dead-letters` and
    its id; `key` the beginning of the record's key; `round` how often the record had been replayed before."""

    offset: int
    state: LetterState
    reason: str
    consumer: str
    origin: Origin
    at: str | None
    key: str
    bytes: int
    trace: str | None
    round: int
    replayable: bool
    replayed: Replayed | None
    came_back_as: int | None


class DeadLetterPage(TypedDict):
    items: list[DeadLetter]
    next: str | None


class OriginalRecord(TypedDict):
    key: Shown
    value: Shown


class DeadLetterDetail(DeadLetter):
    """`same_record`: the letters of other consumers that could not process this record either. `original` is null
    where its bytes are no longer kept."""

    same_record: list[int]
    history: list[Earlier]
    original: OriginalRecord | None


class Skipped(TypedDict):
    offset: int
    reason: str


class Replay(TypedDict):
    """What a replay did, or would do: `letters` are settled by publishing `records`. Where `letters` is more than
    `most`, it is refused. Not more than 10 `examples` and 100 `skipped` are listed."""

    dry_run: bool
    letters: int
    records: int
    most: int
    by_topic: dict[str, int]
    examples: list[DeadLetter]
    skipped: list[Skipped]


class DeadLetterCounts(TypedDict):
    """Of the newest letters; `older` counts those that are no longer among them."""

    waiting: int
    replayed: int
    failed_again: int
    older: int
