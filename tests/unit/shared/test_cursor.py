import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.cursor import BadCursor, decode, encode


@given(st.integers(min_value=-(2**60), max_value=2**60), st.text())
def test_a_cursor_gives_back_its_key(moment: int, row_id: str) -> None:
    assert decode(encode(moment, row_id), int, str) == (moment, row_id)


@given(st.text())
def test_what_is_no_cursor_is_said_to_be_none(text: str) -> None:
    try:
        decode(text, int, str)
    except BadCursor:
        return
    pytest.fail(f"{text!r} passed as a cursor")


@given(st.integers(min_value=2**63, max_value=2**64 - 1))
def test_a_number_that_no_store_keeps_is_in_no_cursor(moment: int) -> None:
    with pytest.raises(BadCursor):
        decode(encode(moment, "a"), int, str)
