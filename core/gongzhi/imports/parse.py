"""How the cells of a column are read: one small parser for each kind of column.

A parser is a declaration; :meth:`Parser.bind` gives, once for each run, the function that reads a
cell. It returns ``None`` for a cell that says nothing and raises :class:`CellError` otherwise.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Protocol

from gongzhi.imports.cells import BLANKS, Cell, CellError, plain
from gongzhi.imports.dates import RosterDate, parse_date
from gongzhi.imports.idnumber import IdNumber, parse_id_number

ReadCell = Callable[[Cell], Any]
Labels = Mapping[str, str]
"""Folded label or code → code."""

_SAFE_TEXT: Final = re.compile(
    # No control characters or surrogates, and no first character that makes a spreadsheet
    # take the text for a formula when it is exported again.
    r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff=+\-@＝＋－＠][^\x00-\x1f\x7f-\x9f\ud800-\udfff]*"
)
_FORMULA: Final = tuple("=+-@＝＋－＠")
_IDENTIFIER: Final = re.compile(r"[0-9A-Za-z一-鿿][0-9A-Za-z一-鿿._/()-]*")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_PHONE: Final = re.compile(r"\+?[0-9]{3,12}(?:-[0-9]{1,8}){0,2}")
_COUNTRY: Final = re.compile(r"^(?:\+86|0086|86(?=1[3-9][0-9]{9}$))-?")
_SCIENTIFIC: Final = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_TAG_SEPARATORS: Final = re.compile(r"[、,，;；/\n]+")
_BRACKETS: Final = re.compile(r"(.*?)[(（](.*?)[)）](.*)")
_EXACT_INTEGERS: Final = 10**15
"""Up to here a spreadsheet keeps every digit of a number."""
_SHOWN_CHOICES: Final = 8
_YES: Final = frozenset({"是", "有", "y", "yes", "true", "1", "√", "✓"})
_NO: Final = frozenset({"否", "无", "n", "no", "false", "0", "×", "x"})


@dataclass(frozen=True, slots=True)
class CodeOption:
    """An entry of a code list that a file may name."""

    code: str
    label_zh: str
    label_en: str
    level: str = ""
    family: str = ""


@dataclass(frozen=True, slots=True)
class ParseContext:
    """What reading a cell may depend on."""

    today: dt.date
    date1904: bool = False
    code_lists: Mapping[str, Sequence[CodeOption]] = field(default_factory=dict)
    """Active entries, by the name of the list."""


class Parser(Protocol):
    """One kind of column."""

    @property
    def as_text(self) -> bool:
        """Whether a template formats the column as text, so that no digit is lost."""
        ...

    @property
    def repeats(self) -> bool:
        """Whether cells often hold the same, so that remembering what was read pays."""
        ...

    def bind(self, context: ParseContext) -> ReadCell:
        """Return the function that reads one cell."""
        ...

    def choices(self, context: ParseContext) -> Sequence[str]:
        """Return what a template offers to choose from; empty when anything may be typed."""
        ...


class _Free:
    """Parsers of what anybody may type."""

    as_text = True
    repeats = False

    def choices(self, context: ParseContext) -> Sequence[str]:  # noqa: ARG002  # the protocol
        """Nothing to choose from."""
        return ()


def fold(text: str) -> str:
    """Return the form in which two spellings of a label are equal."""
    return plain(text).casefold()


def read_text(cell: Cell) -> str | None:
    """Return the text of a cell: trimmed, and of whole numbers every digit.

    :raises CellError: TEXT_EXPECTED.
    """
    if isinstance(cell, str):
        text = cell.strip()
        return None if text in BLANKS else text
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if cell == cell and abs(cell) < _EXACT_INTEGERS and cell == int(cell):  # noqa: PLR0124
            return str(int(cell))
        raise CellError(
            code="TEXT_EXPECTED",
            zh="是小数或过长的数字，请把该列设为文本格式后重新填写",
            en="a fraction or too long a number; format the column as text and retype it",
        )
    if cell is None:
        return None
    raise CellError(
        code="TEXT_EXPECTED",
        zh="是日期或真假值，请把该列设为文本格式后重新填写",
        en="a date or truth value; format the column as text and retype it",
    )


@dataclass(frozen=True, slots=True)
class Text(_Free):
    """A name or other free text of one line."""

    longest: int
    repeats: bool = False

    def bind(self, context: ParseContext) -> ReadCell:  # noqa: ARG002  # the protocol
        """Read text; raises TEXT_EXPECTED, TEXT_TOO_LONG, TEXT_FORMULA, TEXT_CONTROL."""
        longest = self.longest
        safe = _SAFE_TEXT.fullmatch

        def read(cell: Cell) -> str | None:
            text = read_text(cell)
            if text is None or (len(text) <= longest and safe(text)):
                return text
            if len(text) > longest:
                raise CellError(
                    code="TEXT_TOO_LONG",
                    zh=f"超过 {longest} 个字",
                    en=f"longer than {longest} characters",
                )
            if text.startswith(_FORMULA):
                raise CellError(
                    code="TEXT_FORMULA",
                    zh="不能以 = + - @ 开头（会被当作公式）",
                    en="must not begin with = + - @ (it would be taken for a formula)",
                )
            raise CellError(
                code="TEXT_CONTROL",
                zh="含有换行或看不见的控制字符，请删掉",
                en="has line breaks or invisible control characters; remove them",
            )

        return read


@dataclass(frozen=True, slots=True)
class Identifier(_Free):
    """A code: letters, digits, Chinese characters and ``. _ - / ( )``; full-width becomes half."""

    longest: int = 64
    repeats: bool = False

    def bind(self, context: ParseContext) -> ReadCell:  # noqa: ARG002  # the protocol
        """Read a code; raises CODE_AS_NUMBER, CODE_SHAPE, TEXT_EXPECTED."""
        longest = self.longest
        shape = _IDENTIFIER.fullmatch

        def read(cell: Cell) -> str | None:
            if (
                cell.__class__ is str
                and cell.isdecimal()
                and cell.isascii()
                and len(cell) <= longest
            ):
                return cell  # the common case, at once
            if isinstance(cell, float) and abs(cell) >= _EXACT_INTEGERS:
                raise _code_as_number()
            text = read_text(cell)
            if text is None:
                return None
            text = plain(text)
            if len(text) <= longest and shape(text):
                if _SCIENTIFIC.fullmatch(text) and "." in text:
                    raise _code_as_number()
                return text
            if _SCIENTIFIC.fullmatch(text):
                raise _code_as_number()
            raise CellError(
                code="CODE_SHAPE",
                zh=f"编码只能用字母、数字、汉字和 . _ - / ( )，最长 {longest} 个字符",
                en=f"a code has letters, digits and . _ - / ( ), at most {longest} characters",
            )

        return read


def _code_as_number() -> CellError:
    return CellError(
        code="CODE_AS_NUMBER",
        zh="编码存成了数字，末几位已经丢失；请把该列设为文本格式后重新填写",
        en="stored as a number, its last digits are lost; format the column as text and retype it",
    )


@dataclass(frozen=True, slots=True)
class IdNumberCell(_Free):
    """公民身份号码; gives an :class:`~gongzhi.imports.idnumber.IdNumber`."""

    def bind(self, context: ParseContext) -> ReadCell:
        """Read a number; raises what :func:`parse_id_number` raises."""
        today = context.today

        def read(cell: Cell) -> IdNumber | None:
            if cell.__class__ is str and not cell.strip():
                return None
            return parse_id_number(cell, today)

        return read


@dataclass(frozen=True, slots=True)
class Mobile(_Free):
    """A mobile number of mainland China, with or without +86, spaces and hyphens."""

    def bind(self, context: ParseContext) -> ReadCell:  # noqa: ARG002  # the protocol
        """Read a number; raises MOBILE_SHAPE."""
        shape = _MOBILE.fullmatch

        def read(cell: Cell) -> str | None:
            text = cell if cell.__class__ is str else read_text(cell)
            if text is None or shape(text):
                return text
            text = plain(text)
            if not text:
                return None
            text = _COUNTRY.sub("", text).replace("-", "")
            if shape(text):
                return text
            raise CellError(
                code="MOBILE_SHAPE", zh="手机号应为 11 位数字", en="a mobile number has 11 digits"
            )

        return read


@dataclass(frozen=True, slots=True)
class Phone(_Free):
    """A telephone number of an organization, mobile or not, with area code and extension."""

    def bind(self, context: ParseContext) -> ReadCell:  # noqa: ARG002  # the protocol
        """Read a number; raises PHONE_SHAPE."""

        def read(cell: Cell) -> str | None:
            text = cell.strip() if isinstance(cell, str) else read_text(cell)
            if not text:
                return None
            text = plain(text).replace("(", "").replace(")", "-").replace("转", "-")
            if _PHONE.fullmatch(text):
                return text
            raise CellError(
                code="PHONE_SHAPE",
                zh="电话号码只能是数字和 -，例如 021-59641234",
                en="only digits and -, e.g. 021-59641234",
            )

        return read


@dataclass(frozen=True, slots=True)
class DateCell(_Free):
    """A date; a month alone stands for its first day, or for its last."""

    month_end: bool = False
    future: bool = False
    """Whether a day to come is possible."""
    repeats: bool = True

    def bind(self, context: ParseContext) -> ReadCell:
        """Read a date; raises what :func:`parse_date` raises, and DATE_IN_FUTURE."""
        date1904, today = context.date1904, context.today
        month_end, future = self.month_end, self.future

        def read(cell: Cell) -> dt.date | None:
            if isinstance(cell, str) and not cell.strip():
                return None
            parsed = parse_date(cell, date1904=date1904)
            if not future and parsed.first() > today:
                raise _in_future()
            return parsed.last() if month_end else parsed.first()

        return read


@dataclass(frozen=True, slots=True)
class BirthCell(_Free):
    """A birth date, perhaps only the month; gives a :class:`~gongzhi.imports.dates.RosterDate`."""

    repeats: bool = True

    def bind(self, context: ParseContext) -> ReadCell:
        """Read a date; raises what :func:`parse_date` raises, and DATE_IN_FUTURE."""
        date1904, today = context.date1904, context.today

        def read(cell: Cell) -> RosterDate | None:
            if isinstance(cell, str) and not cell.strip():
                return None
            parsed = parse_date(cell, date1904=date1904)
            if parsed.first() > today:
                raise _in_future()
            return parsed

        return read


def _in_future() -> CellError:
    return CellError(code="DATE_IN_FUTURE", zh="日期在今天之后", en="the date is after today")


@dataclass(frozen=True, slots=True)
class Whole(_Free):
    """A whole number."""

    least: int = 0
    most: int = 2**31 - 1
    as_text: bool = False

    def bind(self, context: ParseContext) -> ReadCell:  # noqa: ARG002  # the protocol
        """Read a number; raises NUMBER_EXPECTED, NUMBER_OUT_OF_RANGE."""
        least, most = self.least, self.most

        def read(cell: Cell) -> int | None:
            if isinstance(cell, str):
                text = plain(cell).replace(",", "")
                if not text:
                    return None
                if not re.fullmatch(r"-?[0-9]{1,18}(?:\.0+)?", text):
                    raise _number_expected()
                number = int(text.partition(".")[0])
            elif isinstance(cell, (int, float)) and not isinstance(cell, bool):
                if not abs(cell) < _EXACT_INTEGERS or cell != int(cell):
                    raise _number_expected()
                number = int(cell)
            else:
                raise _number_expected()
            if least <= number <= most:
                return number
            raise CellError(
                code="NUMBER_OUT_OF_RANGE",
                zh=f"数字应在 {least} 和 {most} 之间",
                en=f"the number must be between {least} and {most}",
            )

        return read


def _number_expected() -> CellError:
    return CellError(code="NUMBER_EXPECTED", zh="应为整数", en="a whole number is expected")


class _Listed:
    """Parsers of what is chosen from a list."""

    as_text = False
    repeats = True


@dataclass(frozen=True, slots=True)
class YesNo(_Listed):
    """是 or 否."""

    def bind(self, context: ParseContext) -> ReadCell:  # noqa: ARG002  # the protocol
        """Read a truth value; raises NOT_IN_LIST."""

        def read(cell: Cell) -> bool | None:
            if isinstance(cell, bool):
                return cell
            text = read_text(cell)
            if text is None:
                return None
            folded = fold(text)
            if folded in _YES:
                return True
            if folded in _NO:
                return False
            raise _not_in_list(("是", "否"))

        return read

    def choices(self, context: ParseContext) -> Sequence[str]:  # noqa: ARG002  # the protocol
        """是 and 否."""
        return ("是", "否")


@dataclass(frozen=True, slots=True)
class Choice(_Listed):
    """A closed set: the Chinese label, the English label or the code of an enum member."""

    enum: type[Enum]
    labels: Mapping[Any, tuple[str, str]]
    """Member → Chinese and English label."""
    also: Mapping[str, Any] = field(default_factory=dict)
    """Other spellings → member."""

    def bind(self, context: ParseContext) -> ReadCell:
        """Read a member's value; raises NOT_IN_LIST."""
        known = {fold(text): member.value for text, member in self.also.items()}
        for member in self.enum:
            zh, en = self.labels[member]
            known |= {fold(text): member.value for text in (zh, en, member.name)}
        return _listed(known, self.choices(context))

    def choices(self, context: ParseContext) -> Sequence[str]:  # noqa: ARG002  # the protocol
        """Return the Chinese labels."""
        return [self.labels[member][0] for member in self.enum]


@dataclass(frozen=True, slots=True)
class FromCodeList(_Listed):
    """An open code list of the database: the Chinese label, the English label or the code."""

    name: str
    also: Mapping[str, str] = field(default_factory=dict)
    """Other spellings → code."""
    ending: str = ""
    """What people leave off the labels: 汉 for 汉族."""

    def bind(self, context: ParseContext) -> ReadCell:
        """Read a code; raises NOT_IN_LIST."""
        options = context.code_lists.get(self.name, ())
        known = {fold(text): code for text, code in self.also.items()} if options else {}
        if self.ending:
            known |= {fold(o.label_zh.removesuffix(self.ending)): o.code for o in options}
        return _listed(known | code_labels(options), self.choices(context))

    def choices(self, context: ParseContext) -> Sequence[str]:
        """Return the Chinese labels."""
        return [option.label_zh for option in context.code_lists.get(self.name, ())]


@dataclass(frozen=True, slots=True)
class Tags(_Free):
    """Several entries of an open code list, with 、 or commas between them; gives their codes."""

    name: str
    repeats: bool = True

    def bind(self, context: ParseContext) -> ReadCell:
        """Read a list of codes; raises NOT_IN_LIST."""
        options = context.code_lists.get(self.name, ())
        read_one = _listed(code_labels(options), [option.label_zh for option in options])

        def read(cell: Cell) -> list[str] | None:
            text = read_text(cell)
            if text is None:
                return None
            found = (read_one(part) for part in _TAG_SEPARATORS.split(text))
            return list(dict.fromkeys(code for code in found if code is not None))

        return read


def code_labels(options: Iterable[CodeOption]) -> dict[str, str]:
    """Return every spelling of these entries; a code wins over a label that is spelt like it.

    A label such as 镇（乡）党委 is known as 镇党委 and, if no other label is, as 乡党委.
    """
    options = tuple(options)
    # Rarer spellings first, so that better ones replace them; of equals none is right.
    known: dict[str, str] = {}
    for place in (1, 0):
        spelled: dict[str, set[str]] = {}
        for option in options:
            for text in _readings(option.label_zh)[place]:
                spelled.setdefault(fold(text), set()).add(option.code)
        known |= {text: codes.pop() for text, codes in spelled.items() if len(codes) == 1}
    known |= {fold(option.label_en): option.code for option in options}
    known |= {fold(option.label_zh): option.code for option in options}
    known |= {fold(option.code): option.code for option in options}
    return known


def _readings(label: str) -> tuple[list[str], list[str]]:
    """Return a label without its brackets, and with each of their words instead."""
    match = _BRACKETS.fullmatch(label)
    if match is None:
        return [], []
    head, words, tail = match.groups()
    return [head + tail], [word + tail for word in words.split("、")]


def _listed(known: Labels, choices: Sequence[str]) -> ReadCell:
    def read(cell: Cell) -> str | None:
        text = read_text(cell)
        if text is None:
            return None
        try:
            return known[fold(text)]
        except KeyError:
            raise _not_in_list(choices) from None

    return read


def _not_in_list(choices: Sequence[str]) -> CellError:
    shown = "、".join(choices[:_SHOWN_CHOICES])
    if len(choices) > _SHOWN_CHOICES:
        shown += " 等"
    if not shown:
        return CellError(
            code="NOT_IN_LIST",
            zh="代码表还是空的，请先运行 gongzhi migrate 装入代码表",
            en="the code list is still empty; run 'gongzhi migrate' to install it",
        )
    return CellError(
        code="NOT_IN_LIST", zh=f"不在可选项中；可填：{shown}", en=f"not one of the choices: {shown}"
    )
