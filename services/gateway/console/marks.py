"""Words that clash, marked in their text; everything else escaped."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

Range = tuple[int, int]
"""Code points from the first to the second (exclusive)."""

ELLIPSIS = Markup('<span class="gap"> … </span>')


def merged(ranges: Iterable[Range], length: int) -> list[Range]:
    """The ranges inside a text of `length`, in order, overlapping and touching ones as one."""
    clipped = sorted((max(0, start), min(end, length)) for start, end in ranges)
    result: list[Range] = []
    for start, end in clipped:
        if start >= end:
            continue
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def marked(text: str, ranges: Iterable[Range]) -> Markup:
    """The whole text as HTML with a `mark` around each range."""
    return _cut(text, merged(ranges, len(text)), 0, len(text))


def excerpt(text: str, ranges: Iterable[Range], around: int = 110) -> Markup:
    """The marked words with about `around` characters of their neighbourhood, cut between words.

    Without any range inside the text: its beginning.
    """
    marks = merged(ranges, len(text))
    windows = merged([(start - around, end + around) for start, end in marks or [(0, 0)]], len(text))
    pieces = [_between_words(text, window) for window in windows]
    html = Markup("")
    for number, (start, end) in enumerate(pieces):
        if start > 0 or number > 0:
            html += ELLIPSIS
        html += _cut(text, marks, start, end)
    return html + (ELLIPSIS if pieces and pieces[-1][1] < len(text) else Markup(""))


def _between_words(text: str, window: Range) -> Range:
    start, end = window
    if start > 0:
        blank = _first_blank(text, range(start, min(start + 25, end)))
        start = start if blank is None else blank + 1
    if end < len(text):
        blank = _first_blank(text, range(end - 1, max(end - 25, start), -1))
        end = end if blank is None else blank
    return start, end


def _first_blank(text: str, positions: Sequence[int]) -> int | None:
    return next((position for position in positions if text[position].isspace()), None)


def _cut(text: str, marks: Sequence[Range], start: int, end: int) -> Markup:
    html, at = Markup(""), start
    for mark_start, mark_end in marks:
        first, last = max(mark_start, start), min(mark_end, end)
        if first >= last:
            continue
        html += escape(text[at:first]) + Markup("<mark>") + escape(text[first:last]) + Markup("</mark>")
        at = last
    return html + escape(text[at:end])
