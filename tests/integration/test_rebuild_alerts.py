"""What people did to alerts by hand, over a rebuild and a switch: merges, splits, and what the merged ones show."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from shared.kafka.topics import ALERTS
from tests.feed import until
from tests.integration import generations as of
from tests.integration.alerts import act, published, shows, told
from tests.integration.consistency_service import Customer, Service, running
from tests.integration.servers import Servers


@pytest.fixture
def servers(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Servers]:
    with of.Unnamed(tmp_path_factory.mktemp("rebuild_alerts"), free_ports) as stack:
        stack.up()
        yield stack


async def states(service: Service, customers: list[Customer]) -> set[str]:
    return {str(one["state"]) for customer in customers for one in await service.conflicts(customer.id)}


@pytest.mark.timeout(900)
async def test_merged_alerts_stay_merged_over_a_switch_and_are_split_again(servers: Servers) -> None:
    async with AsyncExitStack() as running_old, of.mongodb(servers) as client:
        old = await running_old.enter_async_context(running(servers, "onevoice"))
        target, _ = await told(old, "target", 20, 10, count=2)
        source, of_source = await told(old, "source", 20, 10, count=3)
        through, of_through = await told(old, "through", 20, 10)
        late, of_late = await told(old, "late", 20, 10)
        undone, _ = await told(old, "undone", 20, 10, count=2)
        await act(old, source, "acknowledge")
        await act(old, through, "merge", into=source)
        await act(old, source, "merge", into=target)
        await act(old, undone, "merge", into=target)
        await shows(old, target, customers=8)
        await act(old, target, "acknowledge")
        rebuilt = await of.command(servers, "consistency", "rebuild", "--generation", "2")
        assert rebuilt.status == 0, rebuilt.said

        async with running(servers, "onevoice", "2") as new:
            before = {one: await old.get(f"/v1/alerts/{one}") for one in (target, source, through, undone)}
            for one, alert in before.items():
                kept = await shows(new, one, state=alert["state"], merged_into=alert["merged_into"])
                assert kept["history"] == alert["history"]
                assert kept["revision"] >= alert["revision"]
            await shows(new, target, customers=8, conflicts=8, state="acknowledged")
            again = Customer()
            await new.publish(
                again.quote(20, "marketing", campaign="through"), again.quote(10, "support", template="through")
            )
            await shows(new, target, customers=9)
            # The old instance still runs, and somebody works with it.
            await old.idle()
            await act(old, late, "merge", into=target)
            await act(old, undone, "split")
            await running_old.aclose()
            await of.settled(client, 1)
            await shows(new, late, state="merged", merged_into=target)
            await shows(new, undone, state="open", merged_into=None, customers=2)
            grown = await shows(new, target, customers=8)
            assert [step["did"] for step in grown["history"]][-2:] == ["take_in", "give_back"]
            listed = await new.get("/v1/alerts", state="acknowledged")
            assert [one["id"] for one in listed["items"]] == [target]

            await act(new, target, "resolve")
            await until(lambda: shown(new, [*of_source, *of_through, *of_late, again], {"resolved"}))
            alone = await act(new, source, "split")
            assert (alone["state"], alone["customers"], alone["merged_into"]) == ("acknowledged", 5, None)
            await until(lambda: shown(new, [*of_source, *of_through, again], {"open"}))
            await shows(new, target, customers=3, state="resolved")
            assert await states(new, of_late) == {"resolved"}
            given_back = await act(new, through, "split")
            assert (given_back["state"], given_back["customers"]) == ("open", 2)
            await shows(new, source, customers=3)
            assert await until(lambda: published(new, source, "acknowledged"))
            assert [one["revision"] for one in await new.records(ALERTS, source)][-1] == (
                await new.get(f"/v1/alerts/{source}")
            )["revision"]

        # Back again: what was split is apart there too, and what was merged late is one.
        async with running(servers, "onevoice") as back:
            await shows(back, source, state="acknowledged", merged_into=None, customers=3)
            await shows(back, through, state="open", merged_into=None, customers=2)
            await shows(back, target, state="resolved", customers=3)
            await shows(back, late, state="merged", merged_into=target)


async def shown(service: Service, customers: list[Customer], wanted: set[str]) -> bool:
    return await states(service, customers) == wanted
