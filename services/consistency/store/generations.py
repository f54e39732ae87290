"""Which generation speaks, and what one takes over from another: collection `generations` of the first
generation's database, and the field `carried` of conflicts and alerts."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Generic, Literal, TypeVar

from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.errors import DuplicateKeyError

from services.consistency.domain.stored import Alert, StoredConflict
from services.consistency.store.documents import Row, alert_of, alert_row, chunks, conflict_of, conflict_row, touched
from shared.generations.naming import said
from shared.mongo import Collection, Database
from shared.retention.documents import EXPIRES, KEPT_FROM

ID = "consistency"
AT_ONCE = 200
ENDS = ("ends", KEPT_FROM, EXPIRES)
"""Fields of a document that say how long it is kept."""
Phase = Literal["entering", "carried", "settled"]
Document = TypeVar("Document", StoredConflict, Alert)


@dataclass(frozen=True, slots=True)
class Term:
    """The time of one generation, counted by `number`. It takes over from the one it `follows`: `entering`
    before it has, `carried` when it has while the other one may still run, `settled` after that."""

    number: int
    active: str
    follows: str
    phase: Phase


class Terms:
    """Kept in the database of the first generation."""

    def __init__(self, first: Database) -> None:
        self._terms = first["generations"]

    async def now(self) -> Term:
        row = await self._terms.find_one({"_id": ID})
        if row is None:
            return Term(0, "", "", "settled")
        return Term(row["number"], row["active"], row["follows"], row["phase"])

    async def needs(self, generation: str) -> str | None:
        """Why the generation must stay as it is; None where it need not."""
        term = await self.now()
        if term.active == generation:
            return "it is its time"
        if term.follows == generation and term.phase != "settled":
            return f"generation {said(term.active)} has not taken all of it over yet"
        return None

    async def begin(self, generation: str, phase: Phase) -> Term:
        """The generation's own term, begun now unless it is its time already."""
        while True:
            last = await self.now()
            if last.active == generation:
                return last
            term = Term(last.number + 1, generation, last.active, phase)
            try:
                result = await self._terms.update_one(
                    {"_id": ID, "number": last.number}, {"$set": asdict(term)}, upsert=last.number == 0
                )
            except DuplicateKeyError:
                continue  # another instance began it at this moment
            if result.matched_count or result.upserted_id is not None:
                return term

    async def advance(self, term: Term, phase: Phase) -> None:
        """Unless another term has begun."""
        await self._terms.update_one({"_id": ID, "number": term.number}, {"$set": {"phase": phase}})


@dataclass(frozen=True)
class Kind(Generic[Document]):
    collection: str
    of: Callable[[Row], Document]
    row: Callable[[Document], Row]
    looked_at: Callable[[Document], bool]
    """Is it to be looked at again where the new generation did not have it?"""
    along: Row
    """Fields that are set with what is carried."""


CONFLICTS = Kind[StoredConflict]("conflicts", conflict_of, conflict_row, lambda one: one.pair != "withdrawn", {})
ALERTS = Kind[Alert]("alerts", alert_of, alert_row, lambda one: False, {"due": True})


class Carrying(Generic[Document]):
    """One kind of documents on their way from the old generation's database to the new one's.

    A document is carried once for each revision that the old generation gave it: `carried` says which.
    """

    def __init__(self, kind: Kind[Document], old: Database, new: Database) -> None:
        self._kind: Kind[Document] = kind
        self._old: Collection = old[kind.collection]
        self._new: Collection = new[kind.collection]

    async def prepare(self) -> None:
        """Creates the index that is missing."""
        to_look_at = {"carried.look": True}
        await self._new.create_indexes([IndexModel([("carried.look", ASCENDING)], partialFilterExpression=to_look_at)])

    async def some(self, after: str | None) -> list[Row]:
        """Rows of the old generation, by id, at most `AT_ONCE`."""
        beyond = {} if after is None else {"_id": {"$gt": after}}
        return await self._old.find(beyond).sort("_id", ASCENDING).limit(AT_ONCE).to_list(AT_ONCE)

    async def carry(self, rows: Sequence[Row], term: int, rule: Callable[[Document, Document | None], Document]) -> int:
        """Tries to write what `rule` makes of the rows and of those here; answers how many were to be written.
        What somebody else wrote meanwhile is not written over: call it until there is nothing left."""
        here: dict[str, Row] = {}
        for some in chunks([row["_id"] for row in rows]):
            here |= {row["_id"]: row async for row in self._new.find({"_id": {"$in": list(some)}})}
        left = [row for row in rows if not _is_carried(here.get(row["_id"]), row["revision"], term)]
        if left:
            writes = [self._write(row, here.get(row["_id"]), term, rule) for row in left]
            await self._new.bulk_write(writes, ordered=False)
        return len(left)

    def _write(
        self, row: Row, known: Row | None, term: int, rule: Callable[[Document, Document | None], Document]
    ) -> UpdateOne:
        old, new = self._kind.of(row), None if known is None else self._kind.of(known)
        result = rule(old, new)
        carried = {"term": term, "revision": row["revision"], "look": self._is_to_look_at(old, known)}
        written = {name: value for name, value in self._kind.row(result).items() if name != "_id"}
        ends = {} if known is not None else {name: row[name] for name in ENDS if name in row}
        fields: Row = {**written, **self._kind.along, **ends, **touched(), "carried": carried}
        same = row if result == old else known if result == new else None
        if same is not None and not same.get("pending"):
            fields["published"] = result.revision
        elif known is None or not known.get("pending"):
            fields["published"] = (known or row)["published"]
        if known is None:
            pending = {"pending": True} if row.get("pending") else {}
            return UpdateOne({"_id": row["_id"]}, {"$setOnInsert": {**fields, **pending}}, upsert=True)
        update: Row = {"$set": fields}
        if fields.get("published") == result.revision:
            update["$unset"] = {"pending": ""}
        else:
            fields["pending"] = True
        return UpdateOne({"_id": row["_id"], "revision": known["revision"]}, update)

    def _is_to_look_at(self, old: Document, known: Row | None) -> bool:
        if known is None:
            is_looked_at: bool = self._kind.looked_at(old)
            return is_looked_at
        return bool(known.get("carried", {}).get("look"))

    async def to_look_at(self, before: int, limit: int) -> list[tuple[str, str]]:
        """(conflict, customer) of those that the new generation did not have and that the old one has not
        touched since `before` (microseconds)."""
        wanted = {"carried.look": True, "updated_at": {"$lt": before}}
        cursor = self._new.find(wanted, {"customer": 1}).limit(limit)
        return [(row["_id"], row["customer"]) async for row in cursor]

    async def looked_at(self, ids: Sequence[str]) -> None:
        for some in chunks(ids):
            await self._new.update_many({"_id": {"$in": list(some)}}, {"$set": {"carried.look": False}})


def _is_carried(row: Row | None, revision: int, term: int) -> bool:
    carried = {} if row is None else row.get("carried", {})
    return bool(carried.get("term") == term and carried["revision"] >= revision)
