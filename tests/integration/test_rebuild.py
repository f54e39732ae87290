"""Rebuilding beside what runs, and switching over, on a real broker and a real database."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from deploy.local.parts import Endpoints
from services.consistency.clock import now
from services.consistency.domain.stored import written
from shared.kafka.publisher import Publisher, open_publisher
from shared.kafka.topics import CONFLICTS, DEAD_LETTERS
from shared.settings import KafkaSettings
from tests.feed import until
from tests.integration import generations as of
from tests.integration.consistency_service import Customer, Service, running
from tests.integration.servers import Servers
from tests.topics import records_of

Answer = dict[str, Any]


@pytest.fixture
def servers(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Servers]:
    with of.Unnamed(tmp_path_factory.mktemp("rebuild"), free_ports) as stack:
        stack.up()
        yield stack


@pytest.fixture
async def publisher(servers: Servers) -> AsyncIterator[Publisher]:
    async with open_publisher(KafkaSettings(bootstrap_servers=servers.at.kafka), "test") as publisher:
        yield publisher


async def published(at: Endpoints, topic: str) -> list[Answer]:
    return [orjson.loads(value) for _, value in await records_of(at.kafka, topic)]


async def restart(servers: Servers, service: str, generation: str) -> None:
    if service in servers.children:
        await asyncio.to_thread(servers.end, service)
    servers.environ[f"ONEVOICE_{service.upper()}_GENERATION"] = generation
    await asyncio.to_thread(servers.start, service)


@pytest.mark.timeout(900)
async def test_journey_is_rebuilt_beside_the_running_one_and_switched(servers: Servers, publisher: Publisher) -> None:
    before, meanwhile = [Customer() for _ in range(60)], [Customer() for _ in range(20)]
    await restart(servers, "journey", "")
    await of.publish(publisher, before, 1)
    await of.clash(publisher, before)
    await of.idle(servers, "journey", "journey-marks")
    letters = len(await published(servers.at, DEAD_LETTERS))
    assert letters == 6
    refused = await of.command(servers, "journey", "rebuild", "--generation", "Two!")
    assert (refused.status, "no name" in refused.said) == (2, True)
    process = await of.start_command(servers, "journey", "rebuild", "--generation", "2")
    await of.publish(publisher, meanwhile, 2)
    await of.clash(publisher, meanwhile)
    rebuilt = await of.ended(process)
    assert rebuilt.status == 0, rebuilt.said
    assert "ONEVOICE_JOURNEY_GENERATION=2" in rebuilt.said
    again = await of.command(servers, "journey", "rebuild", "--generation", "2")
    assert (again.status, "--continue" in again.said) == (2, True)

    async with of.asking(servers, "journey") as http:

        async def timelines() -> list[Answer]:
            paths = [f"/v1/customers/{customer.id}/timeline" for customer in (*before, *meanwhile)]
            answers = [await http.get(path, params={"limit": 100}) for path in paths]
            assert {answer.status_code for answer in answers} == {200}
            return [answer.json() for answer in answers]

        await of.idle(servers, "journey", "journey-marks")
        old = await timelines()
        assert any(item["conflicts"] for timeline in old for item in timeline["items"])
        await restart(servers, "journey", "2")
        await of.idle(servers, "journey.2", "journey-marks.2")
        assert await timelines() == old
        places = [(one["topic"], one["partition"], one["offset"]) for one in await published(servers.at, DEAD_LETTERS)]
        assert set(places[:letters]).isdisjoint(places[letters:]), "what was a dead letter did not become one again"
        running_one = await of.command(servers, "journey", "drop", "--generation", "2", "--yes")
        assert running_one.status == 2
        listed = await of.command(servers, "journey", "generations")
        assert listed.status == 0
        assert [line.split()[0] for line in listed.said.splitlines()[1:3]] == ["default", "2"]
        await of.publish(publisher, [late := Customer()], 3)
        await of.idle(servers, "journey.2")
        assert (await http.get(f"/v1/customers/{late.id}")).status_code == 200
        await restart(servers, "journey", "")
        await of.idle(servers, "journey", "journey-marks")
        assert (await http.get(f"/v1/customers/{late.id}")).status_code == 200

    async def dropped() -> bool:  # the process that ended counts as a member until its session is over
        return (await of.command(servers, "journey", "drop", "--generation", "2", "--yes")).status == 0

    await until(dropped)
    async with of.mongodb(servers) as client:
        assert "onevoice_journey_2" not in await client.list_database_names()


@pytest.mark.timeout(900)
async def test_consistency_is_rebuilt_interrupted_and_switched(servers: Servers, publisher: Publisher) -> None:
    before, meanwhile = [Customer() for _ in range(60)], [Customer() for _ in range(20)]
    await restart(servers, "journey", "")
    async with AsyncExitStack() as running_old, of.mongodb(servers) as client:
        http = (await running_old.enter_async_context(running(servers, "onevoice"))).http
        await of.send(publisher, of.norvik())
        await of.publish(publisher, before, 1)
        await of.idle(servers, "consistency")
        alerts = [one["id"] for one in (await http.get("/v1/alerts", params={"state": "open"})).json()["items"]]
        decisions: tuple[tuple[str, Answer], ...] = (
            ("acknowledge", {"until": written(now() + 3_600_000_000)}),
            ("resolve", {}),
            ("dismiss", {"kind": "tolerated"}),
        )
        for alert, (action, more) in zip(alerts, decisions, strict=False):
            said = {"by": "Ada", "reason": f"{action} it"}
            assert (await http.post(f"/v1/alerts/{alert}/{action}", json=said | more)).status_code == 200
            given = said | {"assignee": {"kind": "person", "name": "Grace"}}
            assert (await http.post(f"/v1/alerts/{alert}/assign", json=given)).status_code == 200
        phantom, other = await as_an_older_release_would_have_it(client)

        process = await of.start_command(servers, "consistency", "rebuild", "--generation", "2")
        await of.publish(publisher, meanwhile[:10], 2)

        async def begun() -> bool:
            assert process.returncode is None, await of.ended(process)
            return await client["onevoice_consistency_2"]["events"].find_one({}) is not None

        await until(begun)
        process.send_signal(signal.SIGTERM)
        interrupted = await of.ended(process)
        assert interrupted.status in (0, 130), interrupted.said
        await of.publish(publisher, meanwhile[10:], 4)
        rebuilt = await of.command(servers, "consistency", "rebuild", "--generation", "2", "--continue")
        assert rebuilt.status == 0, rebuilt.said

        async def said_of(one: str) -> list[Answer]:
            return [record for record in await published(servers.at, CONFLICTS) if record["id"] == one]

        await until(lambda: said_of(phantom))
        rows = await of.rows(client, "onevoice", "conflicts")
        for record in await published(servers.at, CONFLICTS):
            # Each generation has moments of its own, so this tells who published.
            assert record["found_at"] == written(rows[record["id"]]["found_at"]), "the rebuild published nothing"

        async with running(servers, "onevoice", "2") as new:
            term = await client["onevoice"]["generations"].find_one({"_id": "consistency"})
            assert term is not None
            assert (term["active"], term["follows"], term["phase"]) == ("2", "", "carried")
            # The old instance still runs: somebody decides there, and events come.
            acknowledged = alerts[0]
            await of.publish(publisher, [late := Customer()], 5)
            await of.idle(servers, "consistency", "consistency.2")
            mended = await http.post(f"/v1/alerts/{acknowledged}/resolve", json={"by": "Grace", "reason": "mended"})
            assert mended.status_code == 200
            old_alerts = await of.rows(client, "onevoice", "alerts")
            await running_old.aclose()
            await of.settled(client, 1)
            await new.idle()
            old = await of.rows(client, "onevoice", "conflicts")

            async def agree() -> bool:
                here = await of.rows(client, "onevoice_consistency_2", "conflicts")
                return all(here[key]["state"] == row["state"] for key, row in old.items() if key != phantom)

            await until(agree)
            rebuilt_rows = await of.rows(client, "onevoice_consistency_2", "conflicts")
            found = of.found(old)
            del found[phantom]
            assert found.pop(other)["reason"] == "in the words of an older release"
            assert {key: row for key, row in of.found(rebuilt_rows).items() if key != other} == found
            assert late.id in {row["customer"] for row in rebuilt_rows.values()}
            # Readers keep the highest revision; the old instance may have raised its own with a late decision.
            assert rebuilt_rows[phantom]["state"] == "withdrawn"
            assert rebuilt_rows[other]["pair"] == "open"
            assert rebuilt_rows[phantom]["revision"] > old[phantom]["revision"] >= 5
            assert rebuilt_rows[other]["revision"] > old[other]["revision"] >= 5
            for key, row in old.items():
                assert rebuilt_rows[key]["revision"] >= row["revision"]
                assert row["customer"] == late.id or rebuilt_rows[key]["found_at"] == row["found_at"]
            for alert, row in old_alerts.items():
                kept = await new.get(f"/v1/alerts/{alert}")
                for field in ("state", "assignee", "dismissal"):
                    assert kept[field] == row[field]
                assert kept["verdict"] == (row["judgement"]["verdict"] if row["judgement"] else "undecided")
                steps = [(step["by"], step["state"], step["reason"]) for step in kept["history"]]
                assert steps == [(step["by"], step["state"], step["reason"]) for step in row["history"]]
            await agrees_with_marks(servers, client, new, "onevoice_consistency_2")
            await of.publish(publisher, [latest := Customer()], 6)
            await until(lambda: new.conflicts(latest.id))
            decided = await new.http.post(f"/v1/alerts/{acknowledged}/reopen", json={"by": "Ada", "reason": "not yet"})
            assert decided.status_code == 200

        dropped = await of.command(servers, "consistency", "drop", "--generation", "2", "--yes")
        assert (dropped.status, "stays" in dropped.said) == (2, True)
        # Back again: what was decided in the new generation is known to the old one.
        async with running(servers, "onevoice", "") as back:
            await of.settled(client, 2)
            assert (await back.get(f"/v1/alerts/{acknowledged}"))["history"][-1]["reason"] == "not yet"
            await back.idle()
            await agrees_with_marks(servers, client, back, "onevoice")


async def as_an_older_release_would_have_it(client: Any) -> tuple[str, str]:
    """One conflict that is none, and one that says something else; both told to everybody."""
    conflicts = client["onevoice"]["conflicts"]
    one, other = await conflicts.find({"pair": "open", "state": "open"}).limit(2).to_list(2)
    told = {"revision": 5, "pending": True, "updated_at": 0}
    await conflicts.insert_one({**one, **told, "_id": "f" * 32, "kind": "consent", "a": one["b"], "b": one["a"]})
    words = {"reason": "in the words of an older release"}
    await conflicts.update_one({"_id": other["_id"]}, {"$set": {**told, **words}})
    return "f" * 32, other["_id"]


async def agrees_with_marks(servers: Servers, client: Any, service: Service, database: str) -> None:
    """What the timeline shows is what the service says."""

    async def agree() -> bool:
        marks = await of.rows(client, "onevoice", "conflict_marks")
        conflicts = await of.rows(client, database, "conflicts")
        shown = {key: mark["state"] for key, mark in marks.items() if mark["state"] != "withdrawn"}
        return shown == {key: row["state"] for key, row in conflicts.items() if row["state"] != "withdrawn"}

    await service.idle()
    await until(agree)


async def test_since_begins_with_what_came_from_then_on(servers: Servers, publisher: Publisher) -> None:
    early, late = Customer(), Customer()
    await restart(servers, "journey", "")
    await of.send(publisher, early.quote(20, "marketing"))
    await asyncio.sleep(1.1)  # --since is told in whole seconds here
    since = datetime.now(UTC).replace(microsecond=0).isoformat()
    await of.send(publisher, late.quote(20, "marketing"))
    rebuilt = await of.command(servers, "journey", "rebuild", "--generation", "new", "--since", since)
    assert rebuilt.status == 0, rebuilt.said
    async with of.mongodb(servers) as client:
        assert set(await of.rows(client, "onevoice_journey_new", "customers")) == {late.id}
    other = await of.command(
        servers, "journey", "rebuild", "--generation", "new", "--continue", "--since", "2026-01-01T00:00:00Z"
    )
    assert (other.status, "cannot be changed" in other.said) == (2, True)
    servers.environ["ONEVOICE_JOURNEY_GENERATION"] = "new"
    named = await of.command(servers, "journey", "rebuild", "--generation", "new")
    assert (named.status, "ONEVOICE_JOURNEY_GENERATION" in named.said) == (2, True)


async def test_generation_that_was_never_made_is_not_served(servers: Servers) -> None:
    servers.environ["ONEVOICE_JOURNEY_GENERATION"] = "3"
    servers.environ["ONEVOICE_CONSISTENCY_GENERATION"] = "3"
    for service in ("journey", "consistency"):
        process = await of.start_command(servers, service)
        refused = await of.ended(process)
        assert refused.status != 0
        assert "was never made" in refused.said
