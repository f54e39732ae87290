"""Conflicts and alerts as MongoDB documents.

Beside their own fields, documents carry `published`, the revision last published, and `pending`, there while
that is not the current one, so that an index finds what is still to be published; and `touched`, when they were last
written, by which instances find what others wrote. Conflicts carry the `channels` of both sides, in the order of their
cause.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pymongo import UpdateOne

from services.consistency.clock import now
from services.consistency.domain.causes import ordered
from services.consistency.domain.conflict import Span
from services.consistency.domain.stored import Alert, Assignee, Judgement, Ref, Sender, Step, StoredConflict
from shared.mongo import Collection, insert_new
from shared.web.window import day_of, hour_of

Row = dict[str, Any]
CUSTOMER = "customer"
"""Stands for a department where a side is what the customer did."""
IN_CHUNK = 50
"""Values of one `$in`: servers compare each document with each value, so long lists cost their square."""


def chunks(values: Sequence[str]) -> list[Sequence[str]]:
    return [values[at : at + IN_CHUNK] for at in range(0, len(values), IN_CHUNK)]


def conflict_row(conflict: StoredConflict) -> Row:
    """With what conflicts are counted by: the day and the hour of the later event, the hour of the correction, and the
    department of each side."""
    row = asdict(conflict)
    channels = {"a": conflict.a.channel, "b": conflict.b.channel}
    first, second = ordered(conflict.senders, conflict.values)
    earlier, later = conflict.senders
    return {
        "_id": row.pop("id"),
        **row,
        "departments": departments(conflict.senders),
        "channels": {"first": channels[first], "second": channels[second]},
        "a_department": earlier.department,
        "b_department": later.department,
        "day": day_of(conflict.b_time),
        "told_hour": hour_of(conflict.b_time),
        "corrected_hour": None if conflict.corrected_at is None else hour_of(conflict.corrected_at),
    }


def conflict_of(row: Row) -> StoredConflict:
    """Documents that are older than the last fields lack them."""
    names = StoredConflict.__dataclass_fields__.keys() - {"id"}
    fields = {name: row[name] for name in names if name in row}
    fields |= {
        "a": Ref(**row["a"]),
        "b": Ref(**row["b"]),
        "spans": tuple(Span(**span) for span in row["spans"]),
        "values": tuple(row["values"]),
        "senders": tuple(Sender(**sender) for sender in row["senders"]),
        "left": tuple(row["left"]),
        "languages": tuple(row.get("languages", ())),
    }
    return StoredConflict(id=row["_id"], **fields)


def alert_row(alert: Alert) -> Row:
    row = asdict(alert)
    examples = [{"conflict": conflict, "customer": customer} for conflict, customer in alert.examples]
    return {"_id": row.pop("id"), **row, "examples": examples}


def touched() -> Row:
    """To be written along, each time."""
    return {"touched": now()}


def alert_of(row: Row) -> Alert:
    """Documents that are older than a field do not have it."""
    names = Alert.__dataclass_fields__.keys() - {"id"}
    fields = {name: row[name] for name in names if name in row}
    fields |= {
        "senders": tuple(Sender(**sender) for sender in row["senders"]),
        "values": tuple(row["values"]),
        "examples": tuple(_example(example) for example in row["examples"]),
        "history": tuple(Step(**step) for step in row["history"]),
        "assignee": Assignee(**row["assignee"]) if row.get("assignee") else None,
        "rules": None if row.get("rules") is None else tuple(row["rules"]),
        "languages": tuple(row.get("languages", ())),
        "judgement": Judgement(**row["judgement"]) if row.get("judgement") else None,
    }
    return Alert(id=row["_id"], **fields)


def _example(stored: Any) -> tuple[str, str]:
    """Conflict and customer; a list of both in documents that are older than that form."""
    return tuple(stored) if isinstance(stored, list) else (stored["conflict"], stored["customer"])


def departments(senders: tuple[Sender, Sender]) -> list[str]:
    return sorted({sender.department for sender in senders if sender.department is not None})


async def write_revisions(collection: Collection, rows: Sequence[Row]) -> bool:
    """Writes each row whose stored revision is the one before its own (none, for the first).

    False where any was not written: another instance was first, so what it wrote must be read again.
    """
    first = [{**row, "pending": True, "published": 0} for row in rows if row["revision"] == 1]
    further = [_revision(row) for row in rows if row["revision"] > 1]
    known, all_written = await asyncio.gather(insert_new(collection, first), _update(collection, further))
    return not known and all_written


def _revision(row: Row) -> UpdateOne:
    """Names the customer, where there is one, so that a sharded collection knows where the document is."""
    where: Row = {name: row[name] for name in ("_id", "customer") if name in row}
    fields = {name: value for name, value in row.items() if name not in where}
    return UpdateOne({**where, "revision": row["revision"] - 1}, {"$set": {**fields, "pending": True}})


async def _update(collection: Collection, writes: Sequence[UpdateOne]) -> bool:
    """Whether each found its document."""
    if not writes:
        return True
    return (await collection.bulk_write(writes, ordered=False)).matched_count == len(writes)


async def mark_published(collection: Collection, revisions: Sequence[tuple[str, int]], clear: Row) -> None:
    """`clear` is set along; a document that moved on since stays pending."""
    writes = [
        UpdateOne(
            {"_id": row_id, "revision": revision}, {"$set": {**clear, "published": revision}, "$unset": {"pending": ""}}
        )
        for row_id, revision in revisions
    ]
    if writes:
        await collection.bulk_write(writes, ordered=False)


def after(field: str, key: tuple[int, str] | None) -> Row:
    """Keyset condition, the newest first: what comes after `key`."""
    return {} if key is None else following((field, "_id"), key)


def following(fields: Sequence[str], key: Sequence[int | str]) -> Row:
    """Keyset condition, all of the fields falling: what comes after `key`."""
    return {
        "$or": [
            {**dict(zip(fields[:place], key, strict=False)), fields[place]: {"$lt": key[place]}}
            for place in range(len(fields))
        ]
    }
