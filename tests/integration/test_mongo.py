"""What the stores ask of MongoDB through `shared.mongo`, on the server that the tests run on."""

import logging
from typing import Any

import pytest
from pymongo import ASCENDING, IndexModel
from pymongo.errors import OperationFailure

from shared.mongo import Collection, Database, ensure_indexes, insert_new

WEEK = 7 * 86_400


@pytest.fixture
def collection(database: Database) -> Collection:
    return database["things"]


async def indexes_of(collection: Collection) -> dict[str, dict[str, Any]]:
    return {index["name"]: dict(index) async for index in collection.list_indexes()}


async def test_indexes_are_made_with_their_options_or_the_log_says_what_is_lost(
    collection: Collection, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = [
        IndexModel([("customer", ASCENDING), ("moment", ASCENDING)]),
        IndexModel([("customer", ASCENDING), ("kind", ASCENDING)]),
        IndexModel("pending", partialFilterExpression={"pending": True}),
        IndexModel("at", expireAfterSeconds=WEEK, name="expire"),
    ]
    with caplog.at_level(logging.WARNING, "shared.mongo"):
        await ensure_indexes(collection, wanted)
        await ensure_indexes(collection, wanted)
    made = await indexes_of(collection)
    assert {name: list(made[name]["key"]) for name in ("customer_1_moment_1", "pending_1", "expire")} == {
        "customer_1_moment_1": ["customer", "moment"],
        "pending_1": ["pending"],
        "expire": ["at"],
    }
    if "ferretdbVersion" in await collection.database.command("buildInfo"):
        assert "documents do not expire by themselves" in caplog.text
        assert "the index holds every document and is bigger" in caplog.text
        assert len(caplog.records) == 2  # one each time
    else:
        assert made["expire"]["expireAfterSeconds"] == WEEK
        assert made["pending_1"]["partialFilterExpression"] == {"pending": True}
        assert not caplog.records


async def test_another_expiry_replaces_the_one_before(collection: Collection) -> None:
    for seconds in (WEEK, 2 * WEEK):
        await ensure_indexes(collection, [IndexModel("at", expireAfterSeconds=seconds, name="expire")])
    assert set(made := await indexes_of(collection)) == {"_id_", "expire"}
    assert made["expire"].get("expireAfterSeconds") in (2 * WEEK, None)


async def test_what_cannot_be_done_without_is_refused(collection: Collection) -> None:
    await ensure_indexes(collection, [IndexModel("a", name="one")])
    with pytest.raises(OperationFailure):
        await ensure_indexes(collection, [IndexModel("a", name="two"), IndexModel("b", name="")])


async def test_only_new_documents_are_inserted(collection: Collection) -> None:
    assert await insert_new(collection, []) == []
    assert await insert_new(collection, [{"_id": "a", "n": 1}, {"_id": "b", "n": 1}]) == []
    again = [{"_id": "c", "n": 2}, {"_id": "a", "n": 2}, {"_id": "d", "n": 2}, {"_id": "d", "n": 3}, {"_id": "e"}]
    assert await insert_new(collection, again) == [1, 3]
    stored = {row["_id"]: row.get("n") async for row in collection.find()}
    assert stored == {"a": 1, "b": 1, "c": 2, "d": 2, "e": None}
