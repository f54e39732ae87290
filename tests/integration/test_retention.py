"""Retention on the real servers: topics altered, documents deleted, what is derived from them kept in step."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.local.servers import chosen
from deploy.local.stack import Stack
from services.consistency.clock import now
from services.consistency.expiry import Expiry
from services.journey.domain.mark import Mark
from services.journey.domain.touchpoint import touchpoint
from services.journey.store import Store
from shared.kafka.topics import ALERTS, CONFLICTS, TOPICS, TOUCHPOINTS, asked, ensure_topics, topic_configs
from shared.mongo import Collection, Database
from shared.reserved import RESERVED
from shared.retention import read, shipped
from shared.retention.applying import apply_to_documents
from shared.retention.documents import EXPIRES, KEPT_FROM, NEVER
from shared.retention.table import SHIPPED
from shared.settings import KafkaSettings
from tests.feed import until
from tests.integration.consistency_service import Customer, Service, running

pytestmark = pytest.mark.stack
NOW = datetime.now(UTC).replace(microsecond=0)
MILLISECONDS = int(NOW.timestamp() * 1000)


@pytest.fixture(scope="module")
async def service(servers: Stack) -> AsyncIterator[Service]:
    async with running(servers, "retention_consistency") as instance:
        yield instance


async def set_for_topic(kafka: str, topic: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        return (await topic_configs(admin, [topic]))[topic]
    finally:
        await admin.close()


async def test_topics_get_the_days_of_the_file_and_keep_what_else_was_set(servers: Stack) -> None:
    kafka = servers.at.kafka
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        others = {"retention.ms": "1000000", "cleanup.policy": "delete", "segment.bytes": "104857600"}
        resource = ConfigResource(ConfigResourceType.TOPIC, TOUCHPOINTS, others)
        await asked(lambda: admin.alter_configs([resource]))
    finally:
        await admin.close()

    async def is_set(wanted: str) -> bool:
        return (await set_for_topic(kafka, TOUCHPOINTS)).get("retention.ms") == wanted

    await until(lambda: is_set("1000000"), "the retention that was set by hand")
    settings = KafkaSettings(bootstrap_servers=kafka)
    done = await ensure_topics(settings, shipped().topics)
    assert (done.created, done.altered, done.refused) == ((), (TOUCHPOINTS,), ())
    await until(lambda: is_set(str(365 * 86_400_000)), "the retention of the file")
    assert (await set_for_topic(kafka, TOUCHPOINTS))["segment.bytes"] == "104857600"
    again = await ensure_topics(settings, shipped().topics)
    assert (again.created, again.altered, again.refused) == ((), (), ())
    for topic in TOPICS:
        assert (await set_for_topic(kafka, topic.name))["cleanup.policy"] == topic.cleanup


async def test_every_collection_has_the_index_by_which_the_server_deletes(database: Database, service: Service) -> None:
    needs_ttl_indexes()
    store = Store(database, shipped())
    await store.prepare()
    of_consistency = service.store.events._events.database
    for collection in (
        *(database[name] for name in ("touchpoints", "customers", "conflict_marks")),
        *(of_consistency[name] for name in ("events", "conflicts")),
    ):
        index = (await collection.index_information())[EXPIRES]
        assert (index["key"], index["expireAfterSeconds"]) == ([(EXPIRES, 1)], 0), collection.name


async def test_touchpoints_carry_their_end_and_a_customer_that_of_the_last(database: Database) -> None:
    store = Store(database, shipped())
    customer = Customer()
    told = touchpoint(customer.quote(20, "sales"), MILLISECONDS)
    case = customer.event("case", {"department": "support", "case": "k-1", "status": "opened"})
    await store.append([told])
    assert await end_of(database, "touchpoints", told.id) == NOW + timedelta(days=365)
    assert await end_of(database, "customers", customer.id) == NOW + timedelta(days=365)
    await store.append([touchpoint(case, MILLISECONDS)])
    assert await end_of(database, "customers", customer.id) == NOW + timedelta(days=730)
    await store.append([told])
    assert await end_of(database, "customers", customer.id) == NOW + timedelta(days=730)
    canary = Customer(f"{RESERVED}/1")
    await store.append([touchpoint(canary.quote(20, "sales"), MILLISECONDS)])
    assert await end_of(database, "customers", canary.id) == NOW + timedelta(days=1)


async def test_a_mark_ends_when_its_conflict_was_withdrawn(database: Database) -> None:
    store = Store(database, shipped())
    await store.mark([Mark("m", "c", ("a", "b"), "open", 1, b"{}", MILLISECONDS)])
    assert await end_of(database, "conflict_marks", "m") == NEVER
    await store.mark([Mark("m", "c", ("a", "b"), "withdrawn", 2, b"{}", MILLISECONDS)])
    assert await end_of(database, "conflict_marks", "m") == NOW + timedelta(days=90)


async def test_the_server_deletes_what_has_expired_and_the_customer_with_the_last_of_it(database: Database) -> None:
    needs_ttl_indexes()
    store = Store(database, shipped())
    await store.prepare()
    gone, half, stays = Customer(), Customer(), Customer()
    of_old = [touchpoint(one.quote(20, "sales"), MILLISECONDS) for one in (gone, half)]
    old = {"$set": {EXPIRES: NOW - timedelta(days=1)}}
    await store.append(of_old)
    await database["touchpoints"].update_many({}, old)
    await database["customers"].update_many({}, old)
    await store.append([touchpoint(one.quote(10, "billing"), MILLISECONDS) for one in (half, stays)])

    async def deleted() -> bool:
        left = {row["customer"] async for row in database["touchpoints"].find({})}
        return await database["touchpoints"].count_documents({}) == 2 and left == {half.id, stays.id}

    await until(deleted, "the server to delete")

    async def unknown() -> bool:
        return await store.customer(gone.id) is None

    await until(unknown, "the customer to be gone with its last touchpoint")
    assert await store.customer(half.id) is not None
    assert {row["_id"] for row in await store.customers("", None, 10)} == {half.id, stays.id}


async def test_a_conflict_is_withdrawn_when_one_of_its_events_has_expired(service: Service) -> None:
    customer = Customer()
    first, second = customer.quote(61, "marketing"), customer.quote(62, "sales")
    await service.publish(first, second)
    [found] = await until(lambda: service.conflicts(customer.id))
    [row] = [one async for one in conflicts_of(service).find({"customer": customer.id})]
    assert (row[EXPIRES], row["ends"] < NEVER) == (NEVER, True)
    await pass_time(service, customer)
    assert await Expiry(service.store, service.examination, now).sweep() >= 0
    [withdrawn] = await until(lambda: service.withdrawn(customer.id))
    assert withdrawn["id"] == found["id"]
    [kept] = [one async for one in conflicts_of(service).find({"customer": customer.id})]
    assert (kept[EXPIRES] - kept[KEPT_FROM], kept["ends"]) == (timedelta(days=90), NEVER)

    async def told() -> bool:
        records = await service.records(CONFLICTS, customer.id)
        alerts = await service.records(ALERTS, found["alert"])
        return records[-1]["state"] == "withdrawn" and alerts[-1]["conflicts"] == 0

    await until(told, "journey and the watchers of alerts to be told")


async def test_a_settled_conflict_is_withdrawn_too_when_its_events_have_expired(service: Service) -> None:
    customer = Customer()
    first, second = customer.quote(63, "marketing"), customer.quote(64, "sales")
    await service.publish(first, second)
    await until(lambda: service.conflicts(customer.id))
    await service.publish(customer.quote(64, "marketing", corrects=first.id))
    await until(lambda: service.conflicts(customer.id, state="settled"))
    await pass_time(service, customer, only=first.id)
    await Expiry(service.store, service.examination, now).sweep()
    await until(lambda: service.withdrawn(customer.id))


async def test_a_conflict_whose_events_are_kept_longer_now_stays(service: Service) -> None:
    customer = Customer()
    await service.publish(customer.quote(65, "marketing"), customer.quote(66, "sales"))
    await until(lambda: service.conflicts(customer.id))
    await service.idle()
    await conflicts_of(service).update_many({"customer": customer.id}, {"$set": {"ends": NOW - timedelta(days=1)}})
    await Expiry(service.store, service.examination, now).sweep()

    async def looked_up() -> bool:
        [row] = [one async for one in conflicts_of(service).find({"customer": customer.id})]
        return bool(row["ends"] > NOW)

    await until(looked_up)
    assert len(await service.conflicts(customer.id)) == 1


async def test_changed_days_are_applied_to_what_is_stored(database: Database, tmp_path: Path) -> None:
    store = Store(database, shipped())
    await store.prepare()
    told, withdrawn_consent, canary = Customer(), Customer(), Customer(f"{RESERVED}/2")
    consent = withdrawn_consent.event("consent", {"channel": "email", "status": "withdrawn"})
    events = [told.quote(20, "sales"), consent, canary.quote(20, "sales")]
    points = [touchpoint(event, MILLISECONDS) for event in events]
    await store.append(points)
    await store.mark([Mark("m", told.id, ("a", "b"), "withdrawn", 2, b"{}", MILLISECONDS)])
    await database["identities"].insert_one({"_id": "i", "digest": "d", KEPT_FROM: NOW, EXPIRES: NOW})
    await database["touchpoints"].insert_one({"_id": "old", "customer": "c-old", "type": "touchpoint.message.v1"})
    await database["customers"].insert_one({"_id": "c-old", "first": 1, "last": 1})
    file = tmp_path / "retention.toml"
    text = SHIPPED.read_text("utf-8").replace('.message.v1" = 365', '.message.v1" = 30')
    file.write_text(text.replace("withdrawn-conflicts = 90", "withdrawn-conflicts = 9"), "utf-8")
    seen: list[int] = []
    applied = NOW + timedelta(hours=1)
    changed = await apply_to_documents(database, read(file), applied, seen.append)
    assert changed == {
        "touchpoints": 2,
        "events": 0,
        "conflict_marks": 1,
        "conflicts": 0,
        "identities": 1,
        "notifications": 0,
        "silences": 0,
        "customers": 2,
    }
    assert sum(seen) == 4 + 1 + 1 + 4
    wanted = [NOW + timedelta(days=30), NEVER, NOW + timedelta(days=1)]
    assert [await end_of(database, "touchpoints", point.id) for point in points] == wanted
    assert [await end_of(database, "customers", point.customer) for point in points] == wanted
    assert await end_of(database, "conflict_marks", "m") == NOW + timedelta(days=9)
    assert await end_of(database, "identities", "i") == NOW + timedelta(days=7)
    assert await end_of(database, "touchpoints", "old") == applied + timedelta(days=30)
    assert await end_of(database, "customers", "c-old") == applied + timedelta(days=30)
    nothing = await apply_to_documents(database, read(file), applied, seen.append)
    assert sum(nothing.values()) == 0


def test_the_command_shows_and_applies(servers: Stack, tmp_path: Path) -> None:
    environ = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": servers.at.kafka, "MONGODB_URI": servers.at.mongodb}
    environ |= {"ONEVOICE_MONGODB_DATABASE": "retention_command"}
    shown = command("show", environ)
    assert (shown.returncode, "touchpoint.consent.v1      for ever" in shown.stdout) == (0, True)
    applied = command("apply", environ)
    assert applied.returncode == 0, applied.stderr
    assert "documents changed: touchpoints 0" in applied.stdout
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[topics]\n", "utf-8")
    refused = command("show", environ | {"ONEVOICE_RETENTION_FILE": str(wrong)})
    assert refused.returncode == 1
    assert str(wrong) in refused.stderr


def command(what: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "shared.retention", what), env=environ, capture_output=True, text=True, check=False
    )


def needs_ttl_indexes() -> None:
    if chosen(os.environ).mongodb == "ferretdb":
        pytest.skip("FerretDB 1 has no TTL indexes: nothing is deleted there")


async def end_of(database: Database, collection: str, identifier: str) -> datetime | None:
    row = await database[collection].find_one({"_id": identifier})
    assert row is not None
    end: datetime | None = row.get(EXPIRES)
    return end


def conflicts_of(service: Service) -> Collection:
    return service.store.conflicts._conflicts


async def pass_time(service: Service, customer: Customer, only: str | None = None) -> None:
    """As if the days of the customer's first events, and so of its conflicts, were over."""
    await service.idle()
    past = NOW - timedelta(days=1)
    which = {"customer": customer.id, "event": only or f"{customer.id}-1"}
    await service.store.events._events.update_many(which, {"$set": {EXPIRES: past}})
    await conflicts_of(service).update_many({"customer": customer.id}, {"$set": {"ends": past}})
