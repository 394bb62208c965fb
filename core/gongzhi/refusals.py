"""The words of what a module refuses: stable code → Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn

from gongzhi.errors import RuleError


class Refusals:
    """The refusals of one module; its ``rules.py`` holds one as ``REFUSALS``.

    Texts are format strings: ``"必须在 {day} 之前"``. What they are filled with is in the message
    only, so it must not be a personal value.
    """

    def __init__(
        self, texts: Mapping[str, tuple[str, str]], *, base: Refusals | None = None
    ) -> None:
        """Take the texts, over those of ``base``.

        :param base: texts that the module shares, most often :data:`COMMON`.
        """
        self.texts: Mapping[str, tuple[str, str]] = {**(base.texts if base else {}), **texts}

    def refusal(self, code: str, field: str = "", /, **values: object) -> RuleError:
        """Make the error of this code.

        :param field: the parameter that is at fault.
        :raises KeyError: when the module has no text for it.
        """
        zh, en = self.texts[code]
        return RuleError(code, zh.format(**values), en.format(**values), field)

    def refuse(self, code: str, field: str = "", /, **values: object) -> NoReturn:
        """Raise the error of this code."""
        raise self.refusal(code, field, **values)


def insist(refused: Iterable[RuleError]) -> None:
    """Raise the first of what the rules refuse."""
    for error in refused:
        raise error


COMMON = Refusals(
    {
        "NOT_FOUND": ("没有这条记录", "there is no such record"),
        "CONFLICT": (
            "记录已被他人修改，当前版本为 {version}",
            "the record was changed by someone else, its version is {version}",
        ),
        "BLANK": ("不能为空", "must not be empty"),
        "TOO_LONG": ("不能超过 {most} 个字符", "must not have more than {most} characters"),
        "UNKNOWN_CODE": (
            "代码表 {list} 中没有可用的代码 {code}",
            "the code list {list} has no active code {code}",
        ),
        "FUTURE_DATE": ("日期不能晚于今天", "the date must not be in the future"),
        "NOT_ACTIVE": ("组织已合并或撤销", "the organization is merged or dissolved"),
        "STATE": (
            "当前状态为“{state}”，不能{action}",
            "in the state {code} this cannot be done: {action_en}",
        ),
    }
)
"""What every module refuses alike."""
