"""The published documents are what the sources say, and are whole."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploy.contract import APPLICATIONS, FOLDER, check, documents, render
from shared.events import EVENT_TYPES
from shared.kafka.topics import TOPICS

DOCUMENTS = documents()


def test_the_checked_in_copy_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 0, capsys.readouterr().out


def test_nothing_else_is_published() -> None:
    published = {path.name for path in FOLDER.iterdir()}
    assert published == set(DOCUMENTS) <= {"asyncapi.json", *(f"openapi.{name}.json" for name in APPLICATIONS)}


def test_documents_are_written_the_same_way_each_time() -> None:
    assert {name: render(document) for name, document in documents().items()} == {
        name: render(document) for name, document in DOCUMENTS.items()
    }


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_every_reference_leads_somewhere(name: str) -> None:
    document = DOCUMENTS[name]
    for reference in references(document):
        assert reference.startswith("#/"), reference
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part.replace("~1", "/").replace("~0", "~")]


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_every_schema_is_one(name: str) -> None:
    for schema in DOCUMENTS[name]["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_each_topic_is_a_channel_with_all_who_write_and_read_it() -> None:
    document = DOCUMENTS["asyncapi.json"]
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == {topic.name for topic in TOPICS}
    assert set(document["operations"]) == {
        f"{service}.{action}.{topic.name}"
        for topic in TOPICS
        for action, services in (("send", topic.producers), ("receive", topic.consumers))
        for service in services
    }


def test_each_event_type_is_a_message_of_one_channel() -> None:
    document = DOCUMENTS["asyncapi.json"]
    carried = [name for channel in document["channels"].values() for name in channel["messages"]]
    assert [carried.count(kind) for kind in EVENT_TYPES] == [1] * len(EVENT_TYPES)
    assert set(carried) == set(document["components"]["messages"])


def test_examples_in_the_document_of_ingest_fit_its_schemas() -> None:
    document = DOCUMENTS["openapi.ingest.json"]
    content = document["paths"]["/v1/events"]["post"]["requestBody"]["content"]
    for described in content.values():
        validator = Draft202012Validator({**described["schema"], "components": document["components"]})
        shown = [item["value"] for item in described.get("examples", {}).values()]
        for example in [*shown, *([described["example"]] if "example" in described else [])]:
            validator.validate(example)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "$ref":
                yield part
            else:
                yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)
