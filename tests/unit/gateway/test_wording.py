"""What the console calls things."""

from collections.abc import Collection, Mapping
from typing import get_args

import pytest

from services.gateway.console import silences, wording
from services.gateway.shapes.alerts import AlertState, Order, Severity, Verdict
from services.gateway.shapes.conflicts import Kind
from shared.events import Channel, Department


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (wording.MATCHER_LABELS, silences.LABELS),
        (wording.MATCHER_OPS, silences.OPS),
        (wording.STATES, get_args(AlertState)),
        (wording.SEVERITIES, get_args(Severity)),
        (wording.VERDICTS, get_args(Verdict)),
        (wording.ORDERS, get_args(Order)),
        (wording.KINDS, get_args(Kind)),
        (wording.CHANNELS, get_args(Channel)),
        (wording.DEPARTMENTS, get_args(Department)),
    ],
)
def test_whatever_there_is_has_a_name(names: Mapping[str, str], keys: Collection[str]) -> None:
    assert keys
    assert set(keys) <= set(names)
