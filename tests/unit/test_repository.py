"""The repository keeps its own promises: settings are documented, topics have readers."""

import re
from pathlib import Path

from shared.kafka.topics import TOPICS

ROOT = Path(__file__).parents[2]
ALIAS = re.compile(r"validation_alias=\"(\w+)\"|environ(?:\.get\(|\[)\"(\w+)\"")


def sources() -> list[Path]:
    return [path for part in ("services", "shared", "deploy") for path in (ROOT / part).rglob("*.py")]


def test_every_setting_is_documented() -> None:
    used = {name for path in sources() for names in ALIAS.findall(path.read_text()) for name in names if name}
    documented = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    assert used - documented == set()
    stack = set(re.findall(r"\"(ONEVOICE_\w+)\"", (ROOT / "deploy" / "local" / "ports.py").read_text()))
    assert documented - used - stack == set(), "documented, but read nowhere"


def test_every_topic_has_a_producer_and_a_consumer_that_name_it() -> None:
    for topic in TOPICS:
        constant = topic.name.upper().replace("-", "_")
        for service in (*topic.producers, *topic.consumers):
            names = [path for path in (ROOT / "services" / service).rglob("*.py") if constant in path.read_text()]
            shared_plumbing = constant == "DEAD_LETTERS" and service in topic.producers
            assert names or shared_plumbing, f"{service} does not name the topic {topic.name}"
    assert all(topic.producers and topic.consumers for topic in TOPICS)


def test_every_page_that_is_linked_exists() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"
