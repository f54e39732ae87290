"""What the door makes of a body: events, or what is wrong with them."""

import json
from typing import Any

import orjson
import pytest
from fastapi_problem.error import Problem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.reading import Candidate, Reading, Refused, mode_of, read, split
from shared.events import EVENT_TYPES, MAX_BATCH_EVENTS, MAX_EVENT_BYTES, parse_event, to_json
from shared.events.models import MAX_TEXT
from shared.events.schema import example

MESSAGE = example("touchpoint.message.v1")


def one(body: bytes) -> Reading:
    [reading] = read("structured", *split("structured", [], body))
    return reading


def many(events: list[Any] | bytes) -> list[Reading]:
    body = events if isinstance(events, bytes) else orjson.dumps(events)
    return read("batched", *split("batched", [], body))


def binary(headers: dict[str, str], data: bytes) -> Reading:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    [reading] = read("binary", *split("binary", raw, data))
    return reading


def refused(reading: Reading, status: int = 422) -> Refused:
    assert isinstance(reading, Refused), reading
    assert reading.status == status
    return reading


def changed(**attributes: Any) -> bytes:
    return json.dumps(MESSAGE | attributes).encode()


def with_data(**fields: Any) -> bytes:
    return changed(data=MESSAGE["data"] | fields)


@pytest.mark.parametrize(
    ("content_type", "headers", "mode"),
    [
        ("application/cloudevents+json", [], "structured"),
        ("Application/CloudEvents+JSON; charset=UTF-8", [], "structured"),
        ("application/cloudevents+json", [(b"ce-id", b"1")], "structured"),
        ("application/cloudevents-batch+json", [], "batched"),
        ('application/json; charset="utf-8"', [(b"ce-id", b"1")], "binary"),
    ],
)
def test_modes_are_told_apart_by_media_type(content_type: str, headers: list[tuple[bytes, bytes]], mode: str) -> None:
    assert mode_of(content_type, headers) == mode


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "text/plain",
        "application/cloudevents+avro",
        "application/cloudevents+json; charset=utf-16",
        "application/cloudevents-batch+json;charset=latin-1",
    ],
)
def test_other_media_types_are_refused(content_type: str | None) -> None:
    with pytest.raises(Problem) as raised:
        mode_of(content_type, [])
    assert raised.value.status == 415


def test_the_three_modes_give_the_same_bytes() -> None:
    plain = MESSAGE | {"subject": 'Größe "XL" 100 %', "tenant": "eu"}
    headers = {
        f"ce-{name}": "".join(chr(b) if 33 <= b < 127 and chr(b) not in '"%' else f"%{b:02X}" for b in value.encode())
        for name, value in plain.items()
        if name not in ("data", "datacontenttype")
    }
    in_binary = binary(headers, orjson.dumps(plain["data"]))
    structured = one(orjson.dumps(plain))
    [batched] = many([{name: value for name, value in plain.items() if name != "datacontenttype"}])
    assert isinstance(in_binary, Candidate)
    assert isinstance(structured, Candidate)
    assert isinstance(batched, Candidate)
    assert in_binary.canonical == structured.canonical == batched.canonical
    assert structured.canonical == to_json(parse_event(structured.canonical))


@pytest.mark.parametrize(
    ("sent", "meant"),
    [("plain", "plain"), ("%E4%BD%A0%20%25", "你 %"), ('"a \\"b\\" c"', 'a "b" c'), ("%2541", "%41"), ("a%zz", "a%zz")],
)
def test_header_values_are_decoded_once(sent: str, meant: str) -> None:
    headers = {f"ce-{name}": MESSAGE[name] for name in ("specversion", "id", "source", "type", "time")}
    reading = binary(headers | {"ce-subject": sent}, orjson.dumps(MESSAGE["data"]))
    assert isinstance(reading, Candidate), reading
    assert reading.event.subject == meant


@pytest.mark.parametrize("name", ["ce-data", "ce-datacontenttype", "ce-data_base64"])
def test_headers_that_would_replace_the_body_are_refused(name: str) -> None:
    with pytest.raises(Problem) as raised:
        binary({name: "x"}, b"{}")
    assert raised.value.status == 400


def test_a_header_sent_twice_or_not_in_utf8_is_refused() -> None:
    for headers in ([(b"ce-id", b"1"), (b"ce-id", b"2")], [(b"ce-id", b"%FF%FE")]):
        with pytest.raises(Problem) as raised:
            split("binary", headers, b"{}")
        assert raised.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xed\xa0\x80"}',
        b"[1,]",
        b"[" * 5_000 + b"]" * 5_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
)
@pytest.mark.parametrize("mode", ["binary", "structured", "batched"])
def test_what_is_not_json_is_refused_as_a_whole(mode: Any, body: bytes) -> None:
    with pytest.raises(Problem) as raised:
        split(mode, [(b"ce-id", b"1")], body)
    assert raised.value.status == 400


@pytest.mark.parametrize(
    ("body", "status"), [(b"{}", 400), (b"[]", 400), (b"7", 400), (b"[1" + b",1" * MAX_BATCH_EVENTS + b"]", 413)]
)
def test_what_is_no_batch_is_refused_as_a_whole(body: bytes, status: int) -> None:
    with pytest.raises(Problem) as raised:
        split("batched", [], body)
    assert raised.value.status == status


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (changed(id=""), "$.id"),
        (changed(id=7), "$.id"),
        (changed(id="a\n"), "$.id"),
        (changed(source="with space"), "$.source"),
        (changed(specversion="0.3"), "$.specversion"),
        (changed(time="2026-03-12T09:24:31"), "$.time"),
        (changed(time="0001-01-01T00:00:00+14:00"), "$.time"),
        (changed(datacontenttype="text/xml"), "$.datacontenttype"),
        (changed(data=None), "$.data"),
        (changed(data_base64="e30="), "$.data_base64"),
        (changed(Upper="x"), "$"),
        (changed(ext=2**31), "$"),
        (changed(ext={"a": 1}), "$"),
        (with_data(customer={"id": "c", "name": "x"}), "$.data.customer.name"),
        (with_data(customer=None), "$.data.customer"),
        (with_data(channel="pigeon"), "$.data.channel"),
        (with_data(text="x" * (MAX_TEXT + 1)), "$.data.text"),
        (with_data(claims=[{"subject": "a", "attribute": "b"}]), "$.data.claims[0]"),
        (with_data(claims=[{"subject": "a", "attribute": "b", "value": 1, "x\u0000": 1}]), "$.data.claims[0]"),
        (with_data(claims=[{"subject": "a", "attribute": "b", "value": 1, "x": {"y": 1}}]), "$.data.claims[0]"),
        (b"[1]", "$"),
        (b"[]", "$"),
        (b"[" + changed() + b"]", "$"),
        (b'"text"', "$"),
        (b"null", "$"),
    ],
)
def test_a_mistake_is_told_with_its_path(body: bytes, path: str) -> None:
    errors = refused(one(body)).errors
    assert any(error["path"].startswith(path) for error in errors), errors
    assert all(error["reason"] for error in errors)


@pytest.mark.parametrize(
    "kind", ["touchpoint.message.v2", "touchpoint.gift.v1", "", None, 7, ["touchpoint.message.v1"]]
)
def test_an_unknown_type_is_told_what_is_known(kind: Any) -> None:
    [error] = refused(one(changed(type=kind))).errors
    assert error["path"] == "$.type"
    assert all(known in error["reason"] for known in EVENT_TYPES)


def test_mistakes_that_are_told_are_bounded() -> None:
    claims = [{"subject": "a", "attribute": "b", "value": {}}] * 100
    assert len(refused(one(with_data(claims=claims))).errors) <= 50


def test_an_event_that_is_too_long_is_refused_by_itself() -> None:
    claims = [{"subject": "a", "attribute": "b", "value": "v" * 5_000, "note": "n" * 4_999}] * 100
    long = json.loads(with_data(claims=claims))
    assert len(orjson.dumps(long)) > MAX_EVENT_BYTES
    first, second = many([long, MESSAGE])
    assert refused(first, 413).id == MESSAGE["id"]
    assert isinstance(second, Candidate)


REPEATED = b'{"id": "1", "id": "2", ' + changed(source="urn:x:y")[1:]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (REPEATED, "$"),
        (changed().replace(b'"customer": {', b'"customer": {"id": "other", ', 1), "$.data.customer"),
        (changed().replace(b'"value": 10', b'"value": 20, "v\\u0061lue": 10', 1), "$.data.claims[0]"),
    ],
)
def test_a_repeated_name_is_refused_where_it_stands(body: bytes, path: str) -> None:
    json.loads(body)
    [error] = refused(one(body)).errors
    assert error["path"] == path
    assert "more than once" in error["reason"]
    first, second = many(b"[" + orjson.dumps(MESSAGE) + b"," + body + b"]")
    assert isinstance(first, Candidate)
    assert refused(second).errors == [error]


def test_text_that_looks_like_names_is_no_repetition() -> None:
    text = 'He wrote {"a": 1, "a": 2} and "b" : x'
    reading = one(with_data(text=text))
    assert isinstance(reading, Candidate)
    assert orjson.loads(reading.canonical)["data"]["text"] == text


def test_one_that_is_nested_too_deeply_does_not_take_others_along() -> None:
    deep: Any = 1
    for _ in range(100):
        deep = [deep]
    first, second = many([MESSAGE, MESSAGE | {"deep": deep}])
    assert isinstance(first, Candidate)
    assert "nested" in refused(second).reason


def test_numbers_beyond_any_store_are_refused_or_read_as_floats() -> None:
    body = with_data(claims=[{"subject": "a", "attribute": "b", "value": 1}]).replace(
        b'"value": 1', b'"value": ' + b"9" * 40
    )
    reading = one(body)
    assert isinstance(reading, Candidate)
    assert orjson.loads(reading.canonical)["data"]["claims"][0]["value"] == 1e40


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=20,
)
GRAFTED = st.builds(lambda name, value: MESSAGE | {name: value}, st.sampled_from(sorted(MESSAGE)), JSON)


@settings(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(JSON | GRAFTED, min_size=1, max_size=4))
def test_whatever_comes_is_read_or_refused(events: list[Any]) -> None:
    for reading in many(json.dumps(events).encode()):
        if isinstance(reading, Candidate):
            assert to_json(parse_event(reading.canonical)) == reading.canonical
        else:
            assert reading.errors
