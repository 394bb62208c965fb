"""Rules of the registry: pure functions over small records of facts, nothing is read or written.

A check returns what it refuses, a list of :class:`gongzhi.errors.RuleError`, empty when all is
well. Norms are only advised of (:class:`Advice`), never refused. Every text stands in
:data:`TEXTS`, Chinese first.

``V25`` and so on are the numbers of the invariants in the design's domain model. Sources of the
rules that the seed documents do not give are named where they stand.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from gongzhi.errors import RuleError
from gongzhi.registry.codes import (
    ContactState,
    Gender,
    MembershipStage,
    MembershipState,
    OrganizationStatus,
    SetupMode,
)

PARTY = "PARTY"
"""The family of the organization kinds that are Party organizations."""

MAX_PATH = 255
"""Characters of a path, which is the width of its column: about thirty levels."""

Matrix = Collection[tuple[str, str]]
"""Pairs (parent kind, child kind); an empty parent kind: the child kind may be a root."""

# == texts ==

TEXTS: dict[str, tuple[str, str]] = {
    "NOT_FOUND": ("没有这条记录", "there is no such record"),
    "CONFLICT": (
        "记录已被他人修改，当前版本为 {version}",
        "the record was changed by someone else, its version is {version}",
    ),
    "BLANK": ("不能为空", "must not be empty"),
    "TOO_LONG": ("不能超过 {most} 个字符", "must not have more than {most} characters"),
    "CODE_TAKEN": ("编码已被使用", "the code is taken"),
    "UNKNOWN_CODE": (
        "代码表 {list} 中没有可用的代码 {code}",
        "the code list {list} has no active code {code}",
    ),
    "CODE_SHAPE": (
        "代码须由大写字母、数字和下划线组成，以字母开头，至多 64 个字符",
        "a code has capital letters, digits and _, begins with a letter, at most 64 characters",
    ),
    "LIST_UNKNOWN": ("没有代码表 {list}", "there is no code list {list}"),
    "LIST_FIXED": (
        "此代码表由系统使用，只能改名称",
        "the software itself writes the codes of this list, only labels can be changed",
    ),
    "FAMILY_UNKNOWN": (
        "此代码表中没有分组 {family}",
        "the code list has no group {family}",
    ),
    "FUTURE_DATE": ("日期不能晚于今天", "the date must not be in the future"),
    "DATE_ORDER": ("{later}不能早于{earlier}", "{later_en} must not be before {earlier_en}"),
    "NOT_ACTIVE": ("组织已合并或撤销", "the organization is merged or dissolved"),
    "KIND_NOT_ALLOWED": (
        "按本地的层级规则，{child} 不能设在 {parent} 之下",
        "by this deployment's matrix, {child} may not stand under {parent}",
    ),
    "KIND_NOT_ROOT": (
        "按本地的层级规则，{child} 必须有上级组织",
        "by this deployment's matrix, {child} needs a superior",
    ),
    "CYCLE": (
        "不能移到或并入本组织自己的下级",
        "an organization cannot be moved or merged into its own subtree",
    ),
    "AREA_CYCLE": (
        "不能移到本地域自己的下级",
        "an area cannot be moved into its own subtree",
    ),
    "SAME_PLACE": ("已经在该上级之下", "it stands there already"),
    "SAME_BRANCH": ("已经在该支部", "the membership is in that branch already"),
    "SAME_NAME": ("名称没有变化", "the name is the same"),
    "SAME_ORGANIZATION": ("不能与自己合并", "an organization cannot be merged into itself"),
    "TREE_TOO_DEEP": ("层级过深", "the tree is too deep"),
    "UPGRADE_NOT_ALLOWED": (
        "{old} 不能升格为 {new}",
        "{old} cannot be upgraded to {new}",
    ),
    "UPGRADE_TEMPORARY": (
        "临时党组织不能升格",
        "a temporary organization cannot be upgraded",
    ),
    "MERGE_KINDS_DIFFER": (
        "{source} 不能并入 {target}",
        "{source} cannot be merged into {target}",
    ),
    "MEMBER_IN_BOTH": (
        "有 {count} 名党员同时登记在两个组织，请先处理",
        "{count} people are registered in both organizations, settle that first",
    ),
    "HAS_SUBORDINATES": (
        "还有 {count} 个下级组织，请先移走、合并或撤销",
        "{count} organizations stand under it, move, merge or dissolve them first",
    ),
    "HAS_MEMBERS": (
        "还有 {count} 名党员，请先转出",
        "it still has {count} members, transfer them first",
    ),
    "HAS_PEOPLE": (
        "还保管着 {count} 份人员档案而没有上级可以接收",
        "it keeps the records of {count} people and has no superior to take them",
    ),
    "REVIEW_DATE_NEEDED": (
        "临时党组织必须填写届满或复核日期",
        "a temporary organization needs a day on which it ends or is reviewed",
    ),
    "NOT_A_PARTY_ORGANIZATION": (
        "只适用于党组织",
        "this is for Party organizations only",
    ),
    "COVERAGE_NEEDED": (
        "联合组建必须覆盖至少两个单位",
        "a joint set-up needs at least two units that it covers",
    ),
    "COVERAGE_SINGLE": (
        "单独组建最多覆盖一个单位",
        "a single set-up covers at most one unit",
    ),
    "COVERAGE_PARTY": (
        "被覆盖的应当是单位，不是党组织",
        "what is covered are units, not Party organizations",
    ),
    "COVERAGE_INACTIVE": (
        "被覆盖的单位已合并或撤销",
        "a unit to be covered is merged or dissolved",
    ),
    "ALREADY_REGISTERED": (
        "此人的身份证号已登记",
        "a person with this ID number is registered already",
    ),
    "ID_DISAGREES": (
        "与身份证号不符",
        "it does not agree with the ID number",
    ),
    "MOBILE_SHAPE": ("手机号应为 11 位数字", "a mobile number has 11 digits"),
    "ALREADY_MEMBER": (
        "此人已有有效的党员登记",
        "the person has a membership already",
    ),
    "MEMBERSHIP_ENDED": ("党籍已终止", "the membership has ended"),
    "STAGE_STEP": (
        "不能从 {old} 直接变为 {new}",
        "{old} cannot become {new} directly",
    ),
    "STATE_STEP": (
        "党籍状态不能从 {old} 变为 {new}",
        "the state {old} cannot become {new}",
    ),
    "SUSPENSION_TOO_SHORT": (
        "停止党籍满两年后方可除名",
        "removal is possible two years after the suspension",
    ),
    "CONTACT_STEP": (
        "联系状态不能从 {old} 变为 {new}",
        "the contact state {old} cannot become {new}",
    ),
    "DATE_WITHOUT_STAGE": (
        "{stage} 阶段不应有{what}",
        "at the stage {stage} there is no {what_en}",
    ),
    "ID_LENGTH": ("身份证号不是 18 位", "the ID number does not have 18 characters"),
    "ID_CHARACTERS": (
        "身份证号只能是数字，末位可以是 X",
        "only digits, and X as the last character",
    ),
    "ID_BIRTH": ("身份证号中的出生日期不存在", "the birth date in the ID number is none"),
    "ID_CHECKSUM": (
        "身份证号校验位不对，可能有一位抄错",
        "the check character is wrong; a digit may be mistyped",
    ),
    "HOME_NEEDED": (
        "兼职委员必须填写其所在单位",
        "a part-time committee member needs a home organization",
    ),
    "HOME_KIND": (
        "兼职委员应来自社区民警、业委会、物业公司、“两新”组织或驻区单位",
        "the home must be a police post, owners' committee, property company or unit there",
    ),
    "HOME_NOT_HEAD": (
        "兼职委员应是其所在单位的负责人",
        "a part-time committee member heads the home organization",
    ),
    "NOT_A_PARTY_MEMBER": ("此人不是党员", "the person is not a Party member"),
    "ALREADY_APPOINTED": (
        "此人已在该组织担任这一职务",
        "the person holds this post there already",
    ),
    "APPOINTMENT_ENDED": ("任职已结束", "the appointment has ended"),
    "BRANCH_FEW_MEMBERS": (
        "正式党员 {count} 人，少于 {least} 人",
        "{count} full members, fewer than {least}",
    ),
    "BRANCH_MANY_MEMBERS": (
        "党员 {count} 人，超过 {most} 人",
        "{count} members, more than {most}",
    ),
    "JOINT_MANY_UNITS": (
        "联合组建覆盖 {count} 个单位，超过 {most} 个",
        "the joint branch covers {count} units, more than {most}",
    ),
    "REVIEW_OVERDUE": (
        "临时党组织的复核日期 {on} 已过",
        "the review day of the temporary organization, {on}, has passed",
    ),
    "JOINED_UNDER_AGE": (
        "入党时不满十八岁",
        "younger than eighteen when joining",
    ),
    "PROBATION_SHORT": (
        "预备期不足一年",
        "the probation was shorter than a year",
    ),
}
"""Code → (Chinese, English) of everything that is refused or advised."""


def refusal(code: str, field: str = "", /, **values: object) -> RuleError:
    """Make the error of this code; ``values`` fill its texts."""
    zh, en = TEXTS[code]
    return RuleError(code, zh.format(**values), en.format(**values), field)


def refuse(code: str, field: str = "", /, **values: object) -> NoReturn:
    """Raise the error of this code."""
    raise refusal(code, field, **values)


@dataclass(frozen=True, slots=True)
class Advice:
    """A norm that is not kept; the reader decides."""

    code: str
    message_zh: str
    message_en: str


def _advice(code: str, **values: object) -> Advice:
    zh, en = TEXTS[code]
    return Advice(code, zh.format(**values), en.format(**values))


# == the tree (V27) ==


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """What the rules must know of an organization."""

    path: str
    kind: str
    family: str = PARTY
    status: OrganizationStatus = OrganizationStatus.ACTIVE
    is_temporary: bool = False


def upper(path: str) -> str:
    """Return where a subtree's range ends: rows of it have ``path <= p AND p < upper``."""
    return path[:-1] + "/"


def within(path: str, root: str) -> bool:
    """Say whether ``path`` is in the subtree of ``root``, the root itself included."""
    return path.startswith(root)


def check_position(kind: str, parent_kind: str, matrix: Matrix) -> list[RuleError]:
    """V27: the child kind is allowed under the parent kind; ``""`` is no parent."""
    if (parent_kind, kind) in matrix:
        return []
    if parent_kind:
        return [refusal("KIND_NOT_ALLOWED", "superior", child=kind, parent=parent_kind)]
    return [refusal("KIND_NOT_ROOT", "superior", child=kind)]


def check_move(
    organization: OrganizationFacts, superior: OrganizationFacts | None, matrix: Matrix
) -> list[RuleError]:
    """V27: both active, no cycle, somewhere else than now, and the matrix allows it."""
    refused = _active(organization)
    if superior is None:
        if organization.path.count(".") == 1:
            refused.append(refusal("SAME_PLACE", "superior"))
        return refused + check_position(organization.kind, "", matrix)
    refused += _active(superior, "superior")
    if within(superior.path, organization.path):
        refused.append(refusal("CYCLE", "superior"))
    elif parent_path(organization.path) == superior.path:
        refused.append(refusal("SAME_PLACE", "superior"))
    return refused + check_position(organization.kind, superior.kind, matrix)


def check_area_move(path: str, parent_path_: str) -> list[RuleError]:
    """V27 for areas: no cycle, and somewhere else than now. Area kinds have no matrix."""
    if parent_path_ and within(parent_path_, path):
        return [refusal("AREA_CYCLE", "parent")]
    return [refusal("SAME_PLACE", "parent")] if parent_path(path) == parent_path_ else []


def parent_path(path: str) -> str:
    """Return the path of the parent, empty for a root."""
    return path[: path[:-1].rfind(".") + 1]


UPGRADES: frozenset[tuple[str, str]] = frozenset(
    {
        ("BUILDING_PARTY_GROUP", "PARTY_BRANCH"),
        ("BUILDING_PARTY_GROUP", "GRID_PARTY_BRANCH"),
        ("PARTY_BRANCH", "GENERAL_PARTY_BRANCH"),
        ("GRID_PARTY_BRANCH", "GENERAL_PARTY_BRANCH"),
        ("TWO_NEW_PARTY_BRANCH", "GENERAL_PARTY_BRANCH"),
        ("PARTY_BRANCH", "COMMUNITY_PARTY_COMMITTEE"),
        ("GENERAL_PARTY_BRANCH", "COMMUNITY_PARTY_COMMITTEE"),
    }
)
"""升格: which kind may become which. Group → branch → general branch → committee, never back."""


def check_upgrade(
    organization: OrganizationFacts,
    kind: str,
    *,
    parent_kind: str,
    child_kinds: Iterable[str],
    matrix: Matrix,
) -> list[RuleError]:
    """V26: along :data:`UPGRADES` only, and it fits between its superior and its subordinates."""
    refused = _active(organization)
    if organization.is_temporary:
        refused.append(refusal("UPGRADE_TEMPORARY"))
    if (organization.kind, kind) not in UPGRADES:
        refused.append(refusal("UPGRADE_NOT_ALLOWED", "kind", old=organization.kind, new=kind))
    refused += check_position(kind, parent_kind, matrix)
    for child in sorted(set(child_kinds)):
        refused += check_position(child, kind, matrix)
    return refused


def check_merge(
    source: OrganizationFacts,
    target: OrganizationFacts,
    *,
    child_kinds: Iterable[str],
    in_both: int,
    matrix: Matrix,
) -> list[RuleError]:
    """Both active, of one kind or the target of a kind that the source could be upgraded to.

    :param child_kinds: kinds of the source's active subordinates, which come under the target.
    :param in_both: people with a current membership in both.
    """
    if source.path == target.path:
        return [refusal("SAME_ORGANIZATION", "target")]
    refused = _active(source) + _active(target, "target")
    if within(target.path, source.path):
        refused.append(refusal("CYCLE", "target"))
    if target.kind not in kinds_from(source.kind):
        refused.append(
            refusal("MERGE_KINDS_DIFFER", "target", source=source.kind, target=target.kind)
        )
    for child in sorted(set(child_kinds)):
        refused += check_position(child, target.kind, matrix)
    if in_both:
        refused.append(refusal("MEMBER_IN_BOTH", "target", count=in_both))
    return refused


def kinds_from(kind: str) -> set[str]:
    """Return the kind itself and all that upgrades lead to from it."""
    found = {kind}
    while more := {new for old, new in UPGRADES if old in found} - found:
        found |= more
    return found


def check_dissolve(
    organization: OrganizationFacts, *, subordinates: int, members: int, people: int
) -> list[RuleError]:
    """Nothing may be left in it: no active subordinate and no current membership.

    The records of people that it keeps go to its superior, so a root must keep none.
    """
    refused = _active(organization)
    if subordinates:
        refused.append(refusal("HAS_SUBORDINATES", count=subordinates))
    if members:
        refused.append(refusal("HAS_MEMBERS", count=members))
    if people and not parent_path(organization.path):
        refused.append(refusal("HAS_PEOPLE", count=people))
    return refused


def _active(organization: OrganizationFacts, field: str = "") -> list[RuleError]:
    if organization.status is OrganizationStatus.ACTIVE:
        return []
    return [refusal("NOT_ACTIVE", field)]


# == set-up ==


def check_temporary(
    *, is_temporary: bool, established_on: dt.date | None, review_on: dt.date | None
) -> list[RuleError]:
    """C05: a temporary branch says when it ends or is reviewed."""
    if is_temporary and review_on is None:
        return [refusal("REVIEW_DATE_NEEDED", "review_on")]
    if review_on and established_on and review_on < established_on:
        return [_order("review_on", "established_on")]
    return []


def check_coverage(setup_mode: SetupMode, units: Collection[OrganizationFacts]) -> list[RuleError]:
    """C03: 联合组建 covers two units or more, 单独组建 at most one; units are active, not Party."""
    refused = []
    if setup_mode is SetupMode.JOINT and len(units) < 2:  # noqa: PLR2004  # jointly: two or more
        refused.append(refusal("COVERAGE_NEEDED", "coverage"))
    if setup_mode is SetupMode.SINGLE and len(units) > 1:
        refused.append(refusal("COVERAGE_SINGLE", "coverage"))
    if any(unit.family == PARTY for unit in units):
        refused.append(refusal("COVERAGE_PARTY", "coverage"))
    if any(unit.status is not OrganizationStatus.ACTIVE for unit in units):
        refused.append(refusal("COVERAGE_INACTIVE", "coverage"))
    return refused


CONTACT_DAYS = 180
"""失联: days without a sign, by default."""

VACANT_MONTHS = 6
"""空挂: months without dues and attendance, by default."""


@dataclass(frozen=True, slots=True)
class Norms:
    """Figures that a deployment may set, ``[registry]`` in its settings; same names."""

    branch_min_members: int = 3
    joint_max_units: int = 5
    branch_max_members: int = 50
    contact_days: int = CONTACT_DAYS
    vacant_months: int = VACANT_MONTHS


BRANCH_KINDS = frozenset({"PARTY_BRANCH", "GRID_PARTY_BRANCH", "TWO_NEW_PARTY_BRANCH"})
"""Kinds that the norms for branches are meant for."""


@dataclass(frozen=True, slots=True)
class BranchFacts:
    """What the norms look at: memberships that count, by stage; units; the review day."""

    kind: str
    full_members: int
    probationary_members: int
    units: int = 0
    setup_mode: SetupMode = SetupMode.SINGLE
    is_temporary: bool = False
    review_on: dt.date | None = None


def advise(facts: BranchFacts, as_of: dt.date, norms: Norms | None = None) -> list[Advice]:
    """Compare an organization with the norms.

    《中国共产党支部工作条例（试行）》 of 2018, articles 4 and 5: three full members or more, as a
    rule not more than fifty members, a joint branch as a rule for not more than five units.
    """
    norms = norms or Norms()
    found = []
    if facts.kind in BRANCH_KINDS:
        members = facts.full_members + facts.probationary_members
        if facts.full_members < norms.branch_min_members:
            found.append(
                _advice(
                    "BRANCH_FEW_MEMBERS", count=facts.full_members, least=norms.branch_min_members
                )
            )
        if members > norms.branch_max_members:
            found.append(
                _advice("BRANCH_MANY_MEMBERS", count=members, most=norms.branch_max_members)
            )
    if facts.setup_mode is SetupMode.JOINT and facts.units > norms.joint_max_units:
        found.append(_advice("JOINT_MANY_UNITS", count=facts.units, most=norms.joint_max_units))
    if facts.is_temporary and facts.review_on and facts.review_on < as_of:
        found.append(_advice("REVIEW_OVERDUE", on=facts.review_on))
    return found


# == membership ==

MEMBER_STAGES = frozenset({MembershipStage.PROBATIONARY_MEMBER, MembershipStage.FULL_MEMBER})
"""The stages of Party members; the three before are on the way there."""

COUNTED_STATES = frozenset({MembershipState.NORMAL, MembershipState.REINSTATED})
"""The states that count in figures of members."""

CURRENT_STATES = COUNTED_STATES | {MembershipState.SUSPENDED}
"""The states in which a membership has not ended: suspension can be lifted."""

STAGE_STEPS: dict[MembershipStage, frozenset[MembershipStage]] = {
    MembershipStage.APPLICANT: frozenset({MembershipStage.ACTIVIST}),
    MembershipStage.ACTIVIST: frozenset({MembershipStage.CANDIDATE}),
    MembershipStage.CANDIDATE: frozenset({MembershipStage.PROBATIONARY_MEMBER}),
    MembershipStage.PROBATIONARY_MEMBER: frozenset({MembershipStage.FULL_MEMBER}),
    MembershipStage.FULL_MEMBER: frozenset(),
}
"""《中国共产党发展党员工作细则》 of 2014: no step is skipped."""

STATE_STEPS: dict[MembershipState, frozenset[MembershipState]] = {
    MembershipState.NORMAL: frozenset(
        {
            MembershipState.SUSPENDED,
            MembershipState.REMOVED,
            MembershipState.EXPELLED,
            MembershipState.DECEASED,
        }
    ),
    MembershipState.SUSPENDED: frozenset(
        {
            MembershipState.REINSTATED,
            MembershipState.REMOVED,
            MembershipState.EXPELLED,
            MembershipState.DECEASED,
        }
    ),
    MembershipState.REMOVED: frozenset(),
    MembershipState.EXPELLED: frozenset(),
    MembershipState.DECEASED: frozenset(),
}
STATE_STEPS[MembershipState.REINSTATED] = STATE_STEPS[MembershipState.NORMAL]

SUSPENSION_YEARS = 2
"""《中国共产党党员教育管理工作条例》 of 2019: still out of reach two years after, then removed."""

CONTACT_STEPS: dict[ContactState, frozenset[ContactState]] = {
    ContactState.IN_CONTACT: frozenset({ContactState.SUSPECTED_LOST}),
    ContactState.SUSPECTED_LOST: frozenset({ContactState.IN_CONTACT, ContactState.SEARCHING}),
    ContactState.SEARCHING: frozenset({ContactState.IN_CONTACT, ContactState.LOST}),
    ContactState.LOST: frozenset({ContactState.IN_CONTACT}),
}
"""C10: suspected, searched for, then found or lost; who turns up is in contact again."""


def check_stage_step(old: MembershipStage, new: MembershipStage) -> list[RuleError]:
    """One step of the path to full membership."""
    return [] if new in STAGE_STEPS[old] else [refusal("STAGE_STEP", "stage", old=old, new=new)]


def check_state_step(
    old: MembershipState,
    new: MembershipState,
    *,
    on: dt.date,
    suspended_on: dt.date | None = None,
) -> list[RuleError]:
    """One step between states; removal after a suspension has to wait two years."""
    if new not in STATE_STEPS[old]:
        return [refusal("STATE_STEP", "state", old=old, new=new)]
    if (
        (old, new) == (MembershipState.SUSPENDED, MembershipState.REMOVED)
        and suspended_on
        and on < add_months(suspended_on, 12 * SUSPENSION_YEARS)
    ):
        return [refusal("SUSPENSION_TOO_SHORT", "state")]
    return []


def check_contact_step(old: ContactState, new: ContactState) -> list[RuleError]:
    """One step between contact states."""
    if new in CONTACT_STEPS[old]:
        return []
    return [refusal("CONTACT_STEP", "contact_state", old=old, new=new)]


@dataclass(frozen=True, slots=True)
class MembershipDates:
    """The dates of a membership, all optional: much of what is imported is incomplete."""

    birth_year: int | None = None
    joined_on: dt.date | None = None
    full_member_on: dt.date | None = None
    affiliation_since: dt.date | None = None
    last_contact_on: dt.date | None = None
    last_attended_on: dt.date | None = None


DATE_NAMES: dict[str, tuple[str, str]] = {
    "birth_year": ("出生年份", "the year of birth"),
    "joined_on": ("入党日期", "the day of joining"),
    "full_member_on": ("转正日期", "the day of becoming a full member"),
    "affiliation_since": ("转入本支部日期", "the day of affiliation with the branch"),
    "last_contact_on": ("最近联系日期", "the day of the last contact"),
    "last_attended_on": ("最近参加活动日期", "the day of the last attendance"),
    "established_on": ("成立日期", "the day of establishment"),
    "review_on": ("复核日期", "the day of review"),
    "starts_on": ("任职起始日期", "the first day of the appointment"),
    "ends_on": ("任职结束日期", "the last day of the appointment"),
}

_PAST = (
    "joined_on",
    "full_member_on",
    "affiliation_since",
    "last_contact_on",
    "last_attended_on",
)


def check_membership_dates(
    stage: MembershipStage, dates: MembershipDates, today: dt.date
) -> list[RuleError]:
    """Dates in their order: born, joined 入党, became a full member 转正; none in the future.

    A stage before PROBATIONARY_MEMBER has no day of joining, one before FULL_MEMBER no day of
    becoming a full member.
    """
    refused = [
        refusal("FUTURE_DATE", field)
        for field in _PAST
        if (day := getattr(dates, field)) and day > today
    ]
    if stage not in MEMBER_STAGES and dates.joined_on:
        refused.append(_no_such_date(stage, "joined_on"))
    if stage is not MembershipStage.FULL_MEMBER and dates.full_member_on:
        refused.append(_no_such_date(stage, "full_member_on"))
    if dates.joined_on and dates.full_member_on and dates.full_member_on < dates.joined_on:
        refused.append(_order("full_member_on", "joined_on"))
    if dates.birth_year:
        refused += [
            _order(field, "birth_year")
            for field in _PAST
            if (day := getattr(dates, field)) and day.year < dates.birth_year
        ]
    return refused


def advise_membership_dates(dates: MembershipDates) -> list[Advice]:
    """Dates that are unusual but occur in old records.

    The Party constitution asks for eighteen years (article 1) and one year of probation
    (article 7); earlier constitutions had exceptions, and some no probation.
    """
    found = []
    of_age = 18
    if dates.birth_year and dates.joined_on and dates.joined_on.year - dates.birth_year < of_age:
        found.append(_advice("JOINED_UNDER_AGE"))
    if (
        dates.joined_on
        and dates.full_member_on
        and dates.full_member_on < add_months(dates.joined_on, 12)
    ):
        found.append(_advice("PROBATION_SHORT"))
    return found


def check_span(
    starts_on: dt.date | None,
    ends_on: dt.date | None,
    names: tuple[str, str] = ("starts_on", "ends_on"),
) -> list[RuleError]:
    """Refuse a span that ends before it starts."""
    if starts_on and ends_on and ends_on < starts_on:
        return [_order(names[1], names[0])]
    return []


def _order(later: str, earlier: str) -> RuleError:
    (later_zh, later_en), (earlier_zh, earlier_en) = DATE_NAMES[later], DATE_NAMES[earlier]
    return refusal(
        "DATE_ORDER",
        later,
        later=later_zh,
        earlier=earlier_zh,
        later_en=later_en,
        earlier_en=earlier_en,
    )


def _no_such_date(stage: MembershipStage, field: str) -> RuleError:
    zh, en = DATE_NAMES[field]
    return refusal(
        "DATE_WITHOUT_STAGE", field, stage=stage, what=zh, what_en=en.removeprefix("the ")
    )


# == people ==

_MOBILE = re.compile(r"1[3-9][0-9]{9}")


def check_mobile(mobile: str) -> list[RuleError]:
    """Refuse what is no mobile number of mainland China: eleven digits. Empty is none."""
    return [] if not mobile or _MOBILE.fullmatch(mobile) else [refusal("MOBILE_SHAPE", "mobile")]


def check_birth(birth: dt.date | None, today: dt.date) -> list[RuleError]:
    """Nobody is born in the future."""
    return [refusal("FUTURE_DATE", "birth")] if birth and birth > today else []


def check_identity(
    *, birth: dt.date | None, gender: Gender, of_number: tuple[dt.date, Gender]
) -> list[RuleError]:
    """Refuse what does not agree with the ID number, which says birth and gender itself."""
    refused = []
    if birth and birth != of_number[0]:
        refused.append(refusal("ID_DISAGREES", "birth"))
    if gender not in (Gender.UNKNOWN, of_number[1]):
        refused.append(refusal("ID_DISAGREES", "gender"))
    return refused


# == appointments (V25) ==

PART_TIME_COMMITTEE_MEMBER = "PART_TIME_COMMITTEE_MEMBER"

HOME_KINDS = frozenset(
    {"POLICE_STATION", "OWNERS_COMMITTEE", "PROPERTY_COMPANY", "TWO_NEW_PARTY_BRANCH"}
)
HOME_FAMILIES = frozenset({"UNIT"})
"""V25: where part-time committee members come from; 社区民警、业委会、物业、“两新”、驻区单位."""

HEAD_POSTS = frozenset({"SECRETARY", "HEAD", "DIRECTOR", "COMMUNITY_POLICE_OFFICER"})
"""V25: the posts that make somebody the head 负责人 of the home organization."""


@dataclass(frozen=True, slots=True)
class PartTimeFacts:
    """Who is to become a part-time committee member 兼职委员."""

    is_party_member: bool
    home: OrganizationFacts | None
    home_posts: Collection[str] = ()
    """The posts that the person holds in the home organization on the first day."""


def check_part_time(facts: PartTimeFacts) -> list[RuleError]:
    """V25: a Party member who heads a police post, owners' committee, property company or unit."""
    refused = []
    if not facts.is_party_member:
        refused.append(refusal("NOT_A_PARTY_MEMBER", "person"))
    if facts.home is None:
        return [*refused, refusal("HOME_NEEDED", "home_organization")]
    refused += _active(facts.home, "home_organization")
    if facts.home.kind not in HOME_KINDS and facts.home.family not in HOME_FAMILIES:
        refused.append(refusal("HOME_KIND", "home_organization"))
    if not HEAD_POSTS.intersection(facts.home_posts):
        refused.append(refusal("HOME_NOT_HEAD", "home_organization"))
    return refused


# == 失联, 空挂 (C10) ==


class LostReason(StrEnum):
    """疑似失联的原因 · why contact with a member seems lost."""

    NO_CONTACT_RECORDED = "NO_CONTACT_RECORDED"
    LAST_CONTACT_TOO_OLD = "LAST_CONTACT_TOO_OLD"


class VacantReason(StrEnum):
    """疑似空挂的原因 · why a membership seems vacant."""

    DUES_NOT_RECORDED = "DUES_NOT_RECORDED"
    DUES_IN_ARREARS = "DUES_IN_ARREARS"
    ATTENDANCE_NOT_RECORDED = "ATTENDANCE_NOT_RECORDED"
    NOT_ATTENDING = "NOT_ATTENDING"
    LIVES_OUTSIDE = "LIVES_OUTSIDE"
    RESIDENCE_UNKNOWN = "RESIDENCE_UNKNOWN"
    TERRITORY_UNKNOWN = "TERRITORY_UNKNOWN"


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What the two rules look at; the rest of a membership does not matter to them."""

    stage: MembershipStage
    state: MembershipState
    affiliation_since: dt.date | None = None
    last_contact_on: dt.date | None = None
    last_attended_on: dt.date | None = None
    dues_paid_through: dt.date | None = None
    residence_path: str = ""
    """Of the area where the person lives."""
    territory_path: str = ""
    """Of the branch's area."""


LOST_DATES = ("last_contact_on", "last_attended_on", "affiliation_since")
"""Suspected lost: each of these is unknown, or on or before :func:`lost_cutoff`."""

VACANT_DATES = ("dues_paid_through", "last_attended_on", "affiliation_since")
"""Vacant: each of these is unknown, or on or before :func:`vacant_cutoff`; and lives elsewhere."""


@dataclass(frozen=True, slots=True)
class LostContact:
    """A member is suspected lost: why, and when there was the last sign, if ever."""

    reason: LostReason
    last_on: dt.date | None


def lost_cutoff(as_of: dt.date, days: int = CONTACT_DAYS) -> dt.date:
    """Return the last day that is ``days`` days or more before ``as_of``."""
    return as_of - dt.timedelta(days=days)


def vacant_cutoff(as_of: dt.date, months: int = VACANT_MONTHS) -> dt.date:
    """Return the last day that is ``months`` months or more before ``as_of``."""
    return add_months(as_of, -months)


def lost_contact(
    facts: MemberFacts, as_of: dt.date, days: int = CONTACT_DAYS
) -> LostContact | None:
    """失联: a Party member of whom there has been no sign for ``days`` days.

    Attending is a sign as much as a contact is, and who came to the branch since counts as seen.
    Only dates decide, so that a run for a past day gives the same rows whenever it is run; the
    contact state that a person has set (found, being searched for) does not.
    """
    if not _is_counted_member(facts) or not _all_old(facts, LOST_DATES, lost_cutoff(as_of, days)):
        return None
    seen = [day for day in (facts.last_contact_on, facts.last_attended_on) if day]
    if not seen:
        return LostContact(LostReason.NO_CONTACT_RECORDED, None)
    return LostContact(LostReason.LAST_CONTACT_TOO_OLD, max(seen))


def vacant_membership(
    facts: MemberFacts, as_of: dt.date, months: int = VACANT_MONTHS
) -> tuple[VacantReason, ...]:
    """空挂: registered here, but no dues, no attendance for ``months`` months, and lives elsewhere.

    Where the residence or the branch's territory is unknown, living here cannot be shown: the row
    is listed with that as a reason. Who lives in the territory is not vacant. Empty: not vacant.
    """
    if not _is_counted_member(facts) or not _all_old(
        facts, VACANT_DATES, vacant_cutoff(as_of, months)
    ):
        return ()
    if not facts.territory_path:
        where = VacantReason.TERRITORY_UNKNOWN
    elif not facts.residence_path:
        where = VacantReason.RESIDENCE_UNKNOWN
    elif within(facts.residence_path, facts.territory_path):
        return ()
    else:
        where = VacantReason.LIVES_OUTSIDE
    return (
        VacantReason.DUES_IN_ARREARS if facts.dues_paid_through else VacantReason.DUES_NOT_RECORDED,
        VacantReason.NOT_ATTENDING
        if facts.last_attended_on
        else VacantReason.ATTENDANCE_NOT_RECORDED,
        where,
    )


def _is_counted_member(facts: MemberFacts) -> bool:
    return facts.stage in MEMBER_STAGES and facts.state in COUNTED_STATES


def _all_old(facts: MemberFacts, names: Iterable[str], cutoff: dt.date) -> bool:
    days: list[dt.date | None] = [getattr(facts, name) for name in names]
    return all(day is None or day <= cutoff for day in days)


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day some months later, or the last of that month where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# == age ==


@dataclass(frozen=True, slots=True)
class AgeBand:
    """A band of the annual statistics of Party members; both ends belong to it."""

    code: str
    label_zh: str
    label_en: str
    lowest: int
    highest: int | None


AGE_BANDS: tuple[AgeBand, ...] = (
    AgeBand("AGE_30_AND_UNDER", "30岁及以下", "30 and under", 0, 30),
    AgeBand("AGE_31_35", "31至35岁", "31 to 35", 31, 35),
    AgeBand("AGE_36_40", "36至40岁", "36 to 40", 36, 40),
    AgeBand("AGE_41_45", "41至45岁", "41 to 45", 41, 45),
    AgeBand("AGE_46_50", "46至50岁", "46 to 50", 46, 50),
    AgeBand("AGE_51_55", "51至55岁", "51 to 55", 51, 55),
    AgeBand("AGE_56_60", "56至60岁", "56 to 60", 56, 60),
    AgeBand("AGE_61_70", "61至70岁", "61 to 70", 61, 70),
    AgeBand("AGE_71_AND_OVER", "71岁及以上", "71 and over", 71, None),
)
AGE_UNKNOWN = "AGE_UNKNOWN"
"""Of who has no known year of birth, or one after the year in question."""


def age_band(birth_year: int | None, year: int) -> str:
    """Return the code of the band in which a person born in this year is in ``year``.

    The age is the difference of the years: the day of birth is encrypted and not at hand.
    """
    age = -1 if birth_year is None else year - birth_year
    for band in AGE_BANDS:
        if band.lowest <= age and (band.highest is None or age <= band.highest):
            return band.code
    return AGE_UNKNOWN


def birth_years(band: AgeBand, year: int) -> tuple[int | None, int]:
    """Return the first (None: no first) and the last year of birth of a band in ``year``."""
    return (None if band.highest is None else year - band.highest), year - band.lowest
