"""What a generation's database says of its making: collection `rebuild`, one document."""

from dataclasses import asdict, dataclass, replace

from shared.generations.naming import FIRST, database_of
from shared.mongo import Database

COLLECTION = "rebuild"
ID = "rebuild"


class NotRebuilt(Exception):
    """The service is told to run a generation that is not made, or not made to its end."""


def database_in(first: Database, service: str, generation: str) -> Database:
    """The generation's, opened as that of the first generation is."""
    name = database_of(first.name, service, generation)
    return first.client.get_database(name, write_concern=first.write_concern)


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Moments are milliseconds since 1970 (UTC). `since`: where on the log it began, None for offset 0;
    `caught_up_at`: None while it is under way."""

    since: int | None
    started_at: int
    caught_up_at: int | None = None


async def rebuild_in(database: Database) -> Rebuild | None:
    row = await database[COLLECTION].find_one({"_id": ID})
    return None if row is None else Rebuild(row["since"], row["started_at"], row["caught_up_at"])


async def note(database: Database, rebuild: Rebuild) -> None:
    await database[COLLECTION].update_one({"_id": ID}, {"$set": asdict(rebuild)}, upsert=True)


async def note_caught_up(database: Database, rebuild: Rebuild, now: int) -> None:
    await note(database, replace(rebuild, caught_up_at=now))


async def holds_data(database: Database) -> bool:
    for name in await database.list_collection_names():
        if name != COLLECTION and await database[name].find_one({}, {"_id": 1}) is not None:
            return True
    return False


async def must_be_rebuilt(database: Database, service: str, generation: str) -> None:
    """Raises `NotRebuilt` rather than let a wrong name begin an empty generation; the first needs no rebuild."""
    if not generation:
        return
    rebuild = await rebuild_in(database)
    if rebuild is None or rebuild.caught_up_at is None:
        state = "was never made" if rebuild is None else "is not made to its end"
        raise NotRebuilt(
            f"ONEVOICE_{service.upper()}_GENERATION={generation}, but this generation {state}. "
            f"Run `python -m services.{service} rebuild --generation {generation}"
            f"{'' if rebuild is None else ' --continue'}`, or set back the setting (empty: {FIRST})."
        )
