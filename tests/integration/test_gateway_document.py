"""Requests made up from the gateway's OpenAPI document, right ones and wrong ones, against the running stack."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks, not_a_server_error

from deploy.contract import FOLDER
from deploy.local.stack import Stack

pytestmark = pytest.mark.stack

load_all_checks()
HELD = [
    not_a_server_error,
    *(
        CHECKS.get_one(name)
        for name in ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
    ),
]

schema = schemathesis.openapi.from_path(FOLDER / "openapi.gateway.json").exclude(path="/v1/alerts/stream")
"""The stream has no end, so it has tests of its own."""


@schema.parametrize()
@settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_made_up_requests_are_answered_as_documented(case: Case, stack: Stack) -> None:
    headers = {"Authorization": f"Bearer {stack.keys.ops}"}
    response = case.call_and_validate(base_url=stack.urls["gateway"], headers=headers, checks=HELD)
    if response.status_code >= 400 and case.path.startswith("/v1/"):
        assert response.headers["content-type"] == ["application/problem+json"]
