"""Rows as CSV that spreadsheets open as what it is: text."""

import csv
from collections.abc import AsyncIterator, Iterable
from io import StringIO
from typing import Any

MEDIA_TYPE = "text/csv; charset=utf-8"
MARK = "\ufeff"
"""At the start of a file, it tells spreadsheets that this is UTF-8."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell begins with that is taken for a formula (OWASP, CSV injection), in full width as well."""
AT_ONCE = 32 * 1024
"""Characters that are gathered before they are sent."""


async def rows_as_csv(rows: AsyncIterator[Iterable[Any]]) -> AsyncIterator[str]:
    buffer = StringIO(MARK)
    buffer.seek(0, 2)
    writer = csv.writer(buffer)
    async for row in rows:
        writer.writerow([cell(value) for value in row])
        if buffer.tell() >= AT_ONCE:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def cell(value: Any) -> str:
    """As text; None is empty, and what a spreadsheet would calculate is kept from it by a `'`."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
