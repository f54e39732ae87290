"""Ids keep every character on their way through an address."""

import httpx
import pytest
from fastapi import FastAPI
from fastapi_problem.error import Problem

from services.gateway.console.session import local
from services.gateway.upstream import segment
from shared.web.paths import CustomerId, SlashesStayEncoded, decoded


@pytest.mark.parametrize(
    "identifier",
    [".", "..", "lw-c-20117", "a/b", "a/timeline", "100%", "%2F", "a%252Fb", "x?y#z", "Иван Петров", "客户 1", "a+b&c"],
)
async def test_an_id_arrives_as_it_was_sent(identifier: str) -> None:
    app = FastAPI()

    @app.get("/v1/customers/{id}/timeline")
    def timeline(id: CustomerId) -> str:
        return id

    @app.get("/v1/customers/{id}")
    def customer(id: CustomerId) -> str:
        return id

    app.add_middleware(SlashesStayEncoded)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        for address in (f"/v1/customers/{segment(identifier)}", f"/v1/customers/{segment(identifier)}/timeline"):
            assert (await client.get(address)).json() == identifier


@pytest.mark.parametrize("impossible", ["", "x" * 257, "a\x00b", "a\nb", "%FF%FE"])
def test_an_id_that_cannot_be_is_not_found(impossible: str) -> None:
    with pytest.raises(Problem) as refusal:
        decoded(impossible)
    assert refusal.value.status == 404


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:1", "", "//[", "http://[::1", "\t//x"],
)
def test_signing_in_leads_to_no_other_site(elsewhere: str) -> None:
    assert local(elsewhere) == "/"


def test_signing_in_leads_back_to_where_one_was() -> None:
    assert local("/alerts?state=open") == "/alerts?state=open"
