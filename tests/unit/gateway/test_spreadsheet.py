"""Spreadsheets: what is text stays text."""

import csv
from collections.abc import AsyncIterator
from io import StringIO

from services.gateway.spreadsheet import MARK, cell, rows_as_csv


def test_no_cell_is_a_formula() -> None:
    for formula in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"):
        assert cell(formula) == f"'{formula}"
    for text in ("c-42", "клиент", "", "a=b", 'Ünal "the" first, again'):
        assert cell(text) == text
    assert cell(None) == ""


async def test_rows_come_out_as_they_went_in_a_piece_at_a_time() -> None:
    wanted = [["customer", "words"], *([f"c-{number}", 'said "no", twice\nand, once'] for number in range(3_000))]

    async def rows() -> AsyncIterator[list[str]]:
        for row in wanted:
            yield row

    pieces = [piece async for piece in rows_as_csv(rows())]
    assert len(pieces) > 2
    whole = "".join(pieces)
    assert whole.startswith(MARK)
    assert list(csv.reader(StringIO(whole.removeprefix(MARK), newline=""))) == wanted
