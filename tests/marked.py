"""A part of a page of the documentation that a measurement writes, between two marks that stay."""

from pathlib import Path


def replace_between(page: Path, begin: str, end: str, text: str) -> None:
    """Raises `ValueError` where the page lacks a mark."""
    before, begun, rest = page.read_text("utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended:
        raise ValueError(f"{page} has no place for what was measured: {begin} and {end} are missing")
    page.write_text(f"{before}{begin}\n{text}{end}{after}", "utf-8")
