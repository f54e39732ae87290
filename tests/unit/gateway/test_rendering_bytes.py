"""Bytes that nobody vouches for are shown so that they can be put anywhere, and nothing of them is changed."""

import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.dead_letters.rendering import MAX_CHARACTERS, MAX_DUMPED, line, set_in_lines, shown

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def test_json_is_set_in_lines() -> None:
    assert shown(b'{"a":[1,{"b":null}],"c":{},"d":[]}') == {
        "form": "json",
        "text": '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {},\n  "d": []\n}',
        "bytes": 34,
        "cut": False,
    }


def test_json_keeps_its_digits_and_its_double_names() -> None:
    text = shown(b'{"n": 1.50e3, "n": 12345678901234567890123, "s": "\\u0041, {\\"}"}')["text"]
    assert text == '{\n  "n": 1.50e3,\n  "n": 12345678901234567890123,\n  "s": "\\u0041, {\\"}"\n}'


@given(JSON.filter(lambda plain: isinstance(plain, dict | list)))
def test_json_means_the_same_in_lines(plain: object) -> None:
    raw = orjson.dumps(plain)
    assert orjson.loads("".join(set_in_lines(raw.decode()))) == plain


def test_text_is_text_with_escapes_for_what_does_not_print() -> None:
    assert shown("Ж\tand\n\x1b[31m\x00\u202e".encode()) == {
        "form": "text", "text": "Ж\tand\n\\x1b[31m\\x00\\u202e", "bytes": 16, "cut": False,
    }  # fmt: skip


def test_what_is_no_text_is_dumped() -> None:
    found = shown(b'{"not": "an event", "\xff": \x00')
    assert found["form"] == "hex"
    assert found["text"].splitlines()[1] == '00000010  74 22 2c 20 22 ff 22 3a 20 00                    t", ".": .'


@pytest.mark.parametrize(
    ("raw", "form"),
    [(b"x" * 100_000, "text"), (b"\xff" * 100_000, "hex"), (b"[" + b"1," * 100_000 + b"1]", "json")],
)
def test_what_is_long_is_cut_and_its_size_told(raw: bytes, form: str) -> None:
    found = shown(raw)
    assert (found["form"], found["cut"], found["bytes"]) == (form, True, len(raw))
    assert len(found["text"]) <= max(MAX_CHARACTERS, MAX_DUMPED * 6)


def test_deep_nesting_is_bounded() -> None:
    found = shown(b"[" * 1_000 + b"]" * 1_000)
    assert found["cut"]
    assert len(found["text"]) <= MAX_CHARACTERS


def test_nothing_and_emptiness_differ() -> None:
    assert shown(None)["form"] == "none"
    assert shown(b"") == {"form": "text", "text": "", "bytes": 0, "cut": False}


@given(st.binary())
def test_whatever_the_bytes_are_they_print(raw: bytes) -> None:
    assert line(raw).isprintable()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown(raw)["text"])
