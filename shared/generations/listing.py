"""Which generations of a service there are."""

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.generations.naming import generation_in
from shared.generations.offsets import Offsets, behind
from shared.generations.rebuilding import Rebuilt
from shared.generations.record import Rebuild, rebuild_in
from shared.mongo import Database


@dataclass(frozen=True, slots=True)
class Listed:
    """`documents` as the server counts them without looking at each; `behind`: records that its groups have not
    read yet."""

    generation: str
    state: str
    origin: str
    documents: int
    behind: int


async def listed(rebuilt: Rebuilt, first: Database, offsets: Offsets) -> list[Listed]:
    """The first of them, then those that have a database, by name."""
    names = await first.client.list_database_names()
    found = [generation_in(name, first.name, rebuilt.service) for name in names]
    named = sorted(generation for generation in found if generation is not None)
    return [await _listed(rebuilt, first, offsets, generation) for generation in ("", *named)]


async def _listed(rebuilt: Rebuilt, first: Database, offsets: Offsets, generation: str) -> Listed:
    database = rebuilt.database(first, generation)
    rebuild = await rebuild_in(database) if generation else None
    documents = sum([await database[name].estimated_document_count() for name in rebuilt.collections])
    read = rebuilt.read_by(generation)
    has_members = any([await offsets.has_members(group) for _, group in read])
    left = behind(await offsets.committed_of(read), await offsets.ends_of(read))
    return Listed(generation, _state(rebuild, has_members), _origin(rebuild), documents, left)


def _state(rebuild: Rebuild | None, has_members: bool) -> str:
    if rebuild is not None and rebuild.caught_up_at is None:
        return "being made" if has_members else "interrupted"
    return "running" if has_members else "at rest"


def _origin(rebuild: Rebuild | None) -> str:
    if rebuild is None:
        return "the log as it came"
    if rebuild.since is None:
        return "offset 0"
    return datetime.fromtimestamp(rebuild.since / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
