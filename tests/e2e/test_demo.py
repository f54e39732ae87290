"""`make demo EXIT=1`, with a smaller background."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.demo.history import past, present

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.stack
@pytest.mark.timeout(900)
def test_the_demo_ends_with_a_report_of_what_it_published(tmp_path: Path, free_ports: dict[str, str]) -> None:
    command = (
        sys.executable,
        "-m",
        "deploy.local",
        "demo",
        "--exit",
        "--customers",
        "15",
        "--state-dir",
        str(tmp_path),
    )
    result = subprocess.run(command, cwd=ROOT, env=free_ports, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    report = dict(re.findall(r"^(\w[\w ]*?)  +(.*?) *$", result.stdout, re.MULTILINE))
    history, live = past(15), present()
    policies = sum(event["type"] == "touchpoint.embargo.v1" for event in live)
    assert report["history"].startswith(f"{len(history):,} accepted in ")
    assert report["live"].startswith(f"{len(live):,} accepted in ")
    assert report["stored"].startswith(f"{len(history) + len(live) - policies:,} touchpoints")
    assert f"{policies} policies" in report["stored"]
    assert "contradiction" in report["conflicts"]
    assert "median" in report["request to alert"]
    assert "customer" in report["for example"]
