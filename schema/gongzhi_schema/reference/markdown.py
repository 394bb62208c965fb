"""Markdown, made from rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def joined(lines: Iterable[str]) -> str:
    """Return the text of a page."""
    return "\n".join(lines).rstrip() + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table, and an empty one."""
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join(['---'] * len(header))}|"
    for row in rows:
        cells = (" ".join(str(cell).split()).replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
    yield ""


def code(text: object) -> str:
    """Return a word as code; nothing stays nothing."""
    return f"`{text}`" if text not in {"", None} else ""


def codes(names: Iterable[str]) -> str:
    """Return words as code, in alphabetical order."""
    return ", ".join(map(code, sorted(names)))


def sentence(text: str | None) -> str:
    """Return a text on one line."""
    return " ".join((text or "").split())
