"""What tests do to alerts of a consistency service, and wait for."""

from shared.kafka.topics import ALERTS
from tests.feed import until
from tests.integration.consistency_service import Answer, Customer, Service


async def told(service: Service, campaign: str, right: int, wrong: int, count: int = 1) -> tuple[str, list[Customer]]:
    """So many customers who heard both; the id of their alert, which has counted all."""
    customers = [Customer() for _ in range(count)]
    for place, customer in enumerate(customers):
        channel = "sms" if place % 3 == 2 else "email"
        await service.publish(
            customer.quote(right, "marketing", campaign=campaign),
            customer.quote(wrong, "support", template=campaign, channel=channel),
        )
    [found] = await until(lambda: service.conflicts(customers[0].id))
    alert = str(found["alert"])
    await shows(service, alert, customers=count)
    return alert, customers


async def shows(service: Service, alert: str, **wanted: object) -> Answer:
    async def as_wanted() -> Answer | None:
        shown: Answer = (await service.http.get(f"/v1/alerts/{alert}")).json()  # a problem, until it is counted first
        return shown if {name: shown.get(name) for name in wanted} == wanted else None

    return await until(as_wanted)


async def act(service: Service, alert: str, action: str, status: int = 200, **more: object) -> Answer:
    answer = await service.http.post(f"/v1/alerts/{alert}/{action}", json={"by": "Ada", "reason": "because", **more})
    assert answer.status_code == status, answer.text
    decided: Answer = answer.json()
    return decided


async def published(service: Service, alert: str, state: str) -> bool:
    return bool((await service.records(ALERTS, alert))[-1]["state"] == state)
