"""Code lists and the matrix of kinds, as mutations; they hold for the whole registry."""

from __future__ import annotations

from gongzhi.registry import service
from gongzhi.registry.models import Code
from gongzhi.writing import Work


async def add_code(
    work: Work,
    list: str,  # noqa: A002  # the name of the input field, as in the query `codes(list:)`
    code: str,
    label_zh: str,
    label_en: str,
    *,
    family: str = "",
    level: str = "",
) -> Code:
    """增加本地的代码项 · add an entry of the deployment's own to a code list.

    :param list: 代码表 · name of the list
    :param code: 代码 · the code
    :param label_zh: 中文名称 · Chinese label
    :param label_en: 英文名称 · English label
    :param family: 分组，须为表中已有 · a group that the list has already
    :param level: 默认层级，组织和地域类别必填 · level of a kind of organizations or areas
    :raises RuleError: LIST_UNKNOWN, LIST_FIXED, CODE_SHAPE, CODE_TAKEN, FAMILY_UNKNOWN,
        UNKNOWN_CODE, BLANK, TOO_LONG
    """
    work.require_everywhere()
    entry = await service.add_code(list, code, label_zh, label_en, family=family, level=level)
    work.deployment.codes.forget()
    return _recorded(work, "add", entry)


async def relabel_code(
    work: Work,
    list: str,  # noqa: A002  # as above
    code: str,
    *,
    label_zh: str | None = None,
    label_en: str | None = None,
) -> Code:
    """更改代码项的名称 · give an entry of a code list other labels.

    :param list: 代码表 · name of the list
    :param code: 代码 · the code
    :param label_zh: 中文名称，默认不变 · Chinese label, by default the same
    :param label_en: 英文名称，默认不变 · English label, by default the same
    :raises RuleError: NOT_FOUND, BLANK, TOO_LONG
    """
    work.require_everywhere()
    entry = await service.relabel_code(list, code, label_zh=label_zh, label_en=label_en)
    work.deployment.codes.forget()
    return _recorded(work, "relabel", entry)


async def activate_code(work: Work, list: str, code: str) -> Code:  # noqa: A002  # as above
    """启用代码项 · let an entry of a code list be chosen again.

    :param list: 代码表 · name of the list
    :param code: 代码 · the code
    :raises RuleError: NOT_FOUND, LIST_FIXED
    """
    work.require_everywhere()
    entry = await service.set_code_active(list, code, active=True)
    work.deployment.codes.forget()
    return _recorded(work, "activate", entry)


async def deactivate_code(work: Work, list: str, code: str) -> Code:  # noqa: A002  # as above
    """停用代码项，已使用的记录不变 · let an entry be chosen no longer; rows that have it keep it.

    :param list: 代码表 · name of the list
    :param code: 代码 · the code
    :raises RuleError: NOT_FOUND, LIST_FIXED
    """
    work.require_everywhere()
    entry = await service.set_code_active(list, code, active=False)
    work.deployment.codes.forget()
    return _recorded(work, "deactivate", entry)


async def allow_kind(
    work: Work, child_kind: str, *, parent_kind: str = "", allowed: bool = True
) -> Code:
    """设定组织类别的层级规则 · say whether organizations of a kind may stand under another kind.

    :param child_kind: 下级类别代码 · code of the kind below
    :param parent_kind: 上级类别代码，空为可作最上级 · of the kind above; empty: it may be a root
    :param allowed: 允许 · allowed
    :raises RuleError: UNKNOWN_CODE
    """
    work.require_everywhere()
    child = await service.allow_kind(parent_kind, child_kind, allowed=allowed)
    work.deployment.codes.forget()
    data = {"parent": parent_kind, "child": child_kind, "allowed": allowed}
    work.record("core.code.allow_kind", child, data=data)
    return child


def _recorded(work: Work, verb: str, entry: Code) -> Code:
    work.record(f"core.code.{verb}", entry, data={"list": entry.list, "code": entry.code})
    return entry
