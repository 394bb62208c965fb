"""Writes the workbook that people fill in: header, explanation, text cells, drop-downs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

from gongzhi.contributions import CodeList
from gongzhi.imports.parse import CodeOption, ParseContext
from gongzhi.imports.spec import Column, ImportSpec
from gongzhi.imports.table import CODES_SHEET

_TEXT: Final = 49
"""The built-in number format "@" of Excel: what is typed stays as typed."""
_ROWS: Final = 5_000
"""So many rows get drop-downs."""
_WIDTH: Final = 18
_TALL: Final = 60


def write_template(
    spec: ImportSpec, path: Path, code_lists: Mapping[str, Sequence[CodeOption]]
) -> None:
    """Write an empty table for an import.

    :param code_lists: of the database, see :func:`gongzhi.imports.engine.code_lists`, or
        :func:`declared` where there is none yet.
    """
    context = ParseContext(dt.date.min, code_lists=code_lists)
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet(spec.title_zh)
        codes = book.add_worksheet(CODES_SHEET)
        head = book.add_format(
            {"bold": True, "bg_color": "#DDEBF7", "border": 1, "num_format": _TEXT}
        )
        note = book.add_format(
            {"text_wrap": True, "valign": "top", "font_color": "#7F7F7F", "num_format": _TEXT}
        )
        text = book.add_format({"num_format": _TEXT})
        sheet.set_row(1, _TALL)
        sheet.freeze_panes(2, 0)
        for place, column in enumerate(spec.columns):
            sheet.set_column(place, place, _WIDTH, text if column.parser.as_text else None)
            sheet.write_string(0, place, column.title + ("*" if column.required else ""), head)
            sheet.write_string(1, place, explanation(column), note)
            choices = column.parser.choices(context)
            codes.write_string(0, place, column.title, head)
            for number, choice in enumerate(choices, 1):
                codes.write_string(number, place, choice)
            if choices:
                letter = xlsxwriter.utility.xl_col_to_name(place)
                source = f"='{CODES_SHEET}'!${letter}$2:${letter}${len(choices) + 1}"
                sheet.data_validation(
                    2, place, _ROWS, place, {"validate": "list", "source": source}
                )


def explanation(column: Column) -> str:
    """Return the text of the second row; an import knows it by its first word."""
    parts = ["必填" if column.required else "选填", column.help]
    if column.example:
        parts.append(f"例：{column.example}")
    return "；".join(part for part in parts if part)


def declared(lists: Iterable[CodeList]) -> dict[str, Sequence[CodeOption]]:
    """Return the entries that plugins declare, in the form of those in a database."""
    options: dict[str, list[CodeOption]] = {}
    for code_list in lists:
        options.setdefault(code_list.name, []).extend(
            CodeOption(entry.code, entry.label_zh, entry.label_en, entry.level, entry.family)
            for entry in code_list.entries
        )
    return dict(options)
