"""Bytes made fit to be shown anywhere: JSON set in lines, other text as it is, anything else as a hex dump.

What does not print (control characters, marks that turn the direction of writing) is shown as escapes.
"""

import re
from collections.abc import Iterable, Iterator

import orjson

from services.gateway.dead_letters.shapes import Form, Shown

MAX_CHARACTERS = 20_000
MAX_DUMPED = 4_096
"""Bytes of a hex dump."""
A_LINE = 16
MAX_INDENT = 40
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def shown(raw: bytes | None) -> Shown:
    """`cut` where not all of it is shown; `bytes` is the size of the whole. Where there was nothing, not even empty
    bytes, `form` is `none`."""
    if raw is None:
        return {"form": "none", "text": "", "bytes": 0, "cut": False}
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return {"form": "hex", "text": dump(raw[:MAX_DUMPED]), "bytes": len(raw), "cut": len(raw) > MAX_DUMPED}
    form: Form = "json" if is_json(raw) else "text"
    wanted = first(set_in_lines(text) if form == "json" else [text], MAX_CHARACTERS + 1)
    return {
        "form": form,
        "text": printable(wanted[:MAX_CHARACTERS]),
        "bytes": len(raw),
        "cut": len(wanted) > MAX_CHARACTERS,
    }


def line(raw: bytes, most: int = 120) -> str:
    """The beginning of the bytes on one line; what is no UTF-8 as escapes."""
    return printable(raw[:most].decode("utf-8", "backslashreplace"), keep="")


def is_json(raw: bytes) -> bool:
    """An object or a list: a bare number or word is text."""
    try:
        return isinstance(orjson.loads(raw), dict | list)
    except orjson.JSONDecodeError:
        return False


def set_in_lines(text: str) -> Iterator[str]:
    """Valid JSON with line breaks and indents. Its tokens stay as they were written: numbers keep their digits, and a
    name that stands twice is shown twice."""
    depth, before = 0, ""
    for found in TOKEN.finditer(text):
        part = found[0]
        closes, opened = part in "}]", before in ("{", "[")
        depth -= closes
        if (closes and not opened) or (not closes and (opened or before == ",")):
            yield "\n" + "  " * min(depth, MAX_INDENT)
        yield ": " if part == ":" else part
        depth += part in "{["
        before = part


def first(parts: Iterable[str], most: int) -> str:
    """The first `most` characters, without asking for more parts than they take."""
    kept, length = [], 0
    for part in parts:
        kept.append(part)
        length += len(part)
        if length >= most:
            break
    return "".join(kept)[:most]


def printable(text: str, keep: str = "\n\t") -> str:
    return "".join(char if char.isprintable() or char in keep else escaped(char) for char in text)


def escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def dump(raw: bytes) -> str:
    """As `hexdump -C`: where, sixteen bytes, and what of them is ASCII."""
    rows = (raw[start : start + A_LINE] for start in range(0, len(raw), A_LINE))
    return "\n".join(
        f"{number * A_LINE:08x}  {row.hex(' '):<{A_LINE * 3 - 1}}  {ascii_of(row)}" for number, row in enumerate(rows)
    )


def ascii_of(row: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
