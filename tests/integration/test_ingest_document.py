"""Requests made up from ingest's OpenAPI document, right ones and wrong ones, against the running service."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks, not_a_server_error

from deploy.contract import FOLDER
from tests.integration.servers import Servers, ingest_alone

pytestmark = pytest.mark.stack

load_all_checks()
HELD = [
    not_a_server_error,
    *(
        CHECKS.get_one(name)
        for name in ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
    ),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, free_ports: dict[str, str]) -> Iterator[Servers]:
    with ingest_alone(tmp_path_factory.mktemp("document"), free_ports) as running:
        yield running


schema = schemathesis.openapi.from_path(FOLDER / "openapi.ingest.json")


@schema.parametrize()
@settings(
    max_examples=30,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_made_up_requests_are_answered_as_documented(case: Case, servers: Servers) -> None:
    headers = {"Authorization": f"Bearer {servers.keys.publish}"}
    response = case.call_and_validate(base_url=servers.urls["ingest"], headers=headers, checks=HELD)
    if response.status_code >= 400:
        assert response.headers["content-type"] == ["application/problem+json"]
