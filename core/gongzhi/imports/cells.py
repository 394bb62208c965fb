"""What a cell of a file can hold, and the error of one cell."""

from __future__ import annotations

import datetime as dt
import unicodedata

Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | None
"""A cell as the file has it: numbers are numbers, so what was lost on the way can be told."""

BLANKS: frozenset[Cell] = frozenset({None, "", "-", "--", "—", "——", "－", "/", "／", "―"})
"""Cells that say nothing; they never change a value that is already there."""


class CellError(Exception):
    """A cell that cannot be read. Its texts never repeat the value: it may be personal."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        self.code = code
        self.zh = zh
        self.en = en
        super().__init__(code)


def plain(text: str) -> str:
    """Return the text in half-width characters without any spaces."""
    if text.isascii() and not any(character.isspace() for character in text):
        return text
    return "".join(unicodedata.normalize("NFKC", text).split())
