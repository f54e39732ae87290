"""What must never break again: `regressions.jsonl`, two texts a line, whether they conflict, and why."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.consistency.detection import default_detector
from tests.unit.consistency.told import message

CASES = [json.loads(line) for line in Path(__file__).with_name("regressions.jsonl").read_text("utf-8").splitlines()]
DAY = timedelta(days=1) // timedelta(hours=1)


@pytest.mark.parametrize("case", CASES, ids=[f"{one['lang']}-{one['earlier'][:40]}" for one in CASES])
def test_what_must_never_break_again(case: dict[str, Any]) -> None:
    events = [
        message("a", "marketing", text=case["earlier"], purpose="service", language=case["lang"]),
        message("b", "support", DAY * case["days"], text=case["later"], purpose="service"),
    ]
    assert bool(default_detector().detect(events)) is case["conflict"], case["why"]
