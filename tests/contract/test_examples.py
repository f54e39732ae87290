"""Every event type and version has an example, and every example keeps the contract."""

import orjson
import pytest
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from shared.events import EVENT_TYPES, parse_event, to_json
from shared.events.schema import EXAMPLES, MODELS, example, reference, schemas


def test_each_type_has_one_example_and_no_other_file_is_there() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == {f"{kind}.json" for kind in EVENT_TYPES}
    assert tuple(MODELS) == EVENT_TYPES


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_an_example_is_read_and_written_without_loss(kind: str) -> None:
    plain = example(kind)
    event = parse_event(orjson.dumps(plain))
    assert (event.type, event.id, event.source) == (kind, plain["id"], plain["source"])
    canonical = to_json(event)
    assert to_json(parse_event(canonical)) == canonical
    written = orjson.loads(canonical)
    assert written["data"] == plain["data"]
    assert written | {"datacontenttype": None} == plain | {"datacontenttype": None}


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_an_example_fits_the_published_schema(kind: str) -> None:
    validator(kind).validate(example(kind))


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_the_published_schema_refuses_what_the_models_refuse(kind: str) -> None:
    for path in (("id",), ("source",), ("time",), ("data",)):
        wrong = {name: value for name, value in example(kind).items() if name not in path}
        assert not validator(kind).is_valid(wrong)
    assert not validator(kind).is_valid(example(kind) | {"data": {"unknown": True}})


def validator(kind: str) -> Validator:
    return Draft202012Validator({**reference(kind), "components": {"schemas": schemas()}})
