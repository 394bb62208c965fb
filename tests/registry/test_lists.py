"""Code lists, labels and the matrix, and their install into a database."""

from __future__ import annotations

import inspect
from enum import StrEnum

import pytest

from gongzhi.contributions import CodeEntry, CodeList
from gongzhi.database import open_database
from gongzhi.registry import codes, rules
from gongzhi.registry.lists import CODE_LISTS, ENUM_LABELS, KIND_MATRIX, Installed, install
from gongzhi.registry.models import Code, KindRule

LISTS = {code_list.name: code_list for code_list in CODE_LISTS}
KINDS = {entry.code: entry for entry in LISTS["organization_kind"].entries}
CORE = [("core", code_list) for code_list in CODE_LISTS]


def chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


@pytest.mark.parametrize("code_list", CODE_LISTS, ids=lambda code_list: code_list.name)
def test_entries(code_list: CodeList) -> None:
    names = [entry.code for entry in code_list.entries]
    assert len(set(names)) == len(names)
    labels = [entry.label_zh for entry in code_list.entries]
    assert len(set(labels)) == len(labels)  # a file is read by its Chinese labels
    for entry in code_list.entries:
        assert entry.code.replace("_", "").isalnum()
        assert entry.code.isupper()
        assert entry.code.isascii()
        assert chinese(entry.label_zh)
        assert entry.label_en.isascii()
        assert len(entry.label_zh) <= 100
        assert len(entry.label_en) <= 200
        assert max(len(entry.code), len(entry.family), len(entry.level)) <= 64


def test_levels_and_families() -> None:
    levels = {entry.code for entry in LISTS["organization_level"].entries}
    assert {entry.level for entry in KINDS.values()} == levels
    area_levels = {entry.code for entry in LISTS["area_level"].entries}
    assert {entry.level for entry in LISTS["area_kind"].entries} == area_levels
    assert {entry.family for entry in KINDS.values()} == {
        "PARTY",
        "PARTY_DEPARTMENT",
        "GOVERNMENT",
        "AUTONOMY",
        "PROPERTY",
        "UNIT",
        "MASS_ORGANIZATION",
        "SOCIAL_ORGANIZATION",
        "SITE",
    }


def test_catalogues_have_their_sizes() -> None:
    assert len(LISTS["ethnic_group"].entries) == 56
    grassroots = [entry for entry in LISTS["post"].entries if entry.family == "GRASSROOTS"]
    assert len(grassroots) == 7  # 七大员
    assert len(LISTS["party_building_field"].entries) == 3
    assert len(LISTS["age_band"].entries) == len(rules.AGE_BANDS) + 1


def test_every_kind_has_its_place_in_the_matrix() -> None:
    children = {child for _, child in KIND_MATRIX}
    assert children == set(KINDS)
    assert {parent for parent, _ in KIND_MATRIX} - {""} <= set(KINDS)


def test_what_the_rules_name_is_in_the_lists() -> None:
    posts = {entry.code for entry in LISTS["post"].entries}
    families = {entry.family for entry in KINDS.values()}
    assert rules.HEAD_POSTS | {rules.PART_TIME_COMMITTEE_MEMBER} <= posts
    assert set(KINDS) >= rules.HOME_KINDS | rules.BRANCH_KINDS
    assert {kind for pair in rules.UPGRADES for kind in pair} <= set(KINDS)
    assert rules.HOME_FAMILIES | {rules.PARTY} <= families
    assert all(KINDS[kind].family == rules.PARTY for kind in rules.BRANCH_KINDS)
    events = {entry.code for entry in LISTS["member_event_kind"].entries}
    decided = {state.value for state in codes.MembershipState} - {"NORMAL"}
    assert decided < events


def test_every_closed_value_has_labels() -> None:
    enums = [
        value
        for value in vars(codes).values()
        if inspect.isclass(value) and issubclass(value, StrEnum) and value is not StrEnum
    ]
    assert set(ENUM_LABELS) == {*enums, rules.LostReason, rules.VacantReason}
    for enum, labels in ENUM_LABELS.items():
        assert list(labels) == list(enum)
        assert all(chinese(zh) and en.isascii() for zh, en in labels.values())
        assert len({zh for zh, _ in labels.values()}) == len(labels)


async def test_install(database_url: str) -> None:
    entries = sum(len(code_list.entries) for code_list in CODE_LISTS)
    async with open_database(database_url, []):
        assert await install(CORE) == Installed(entries, 0, len(KIND_MATRIX))
        assert await install(CORE) == Installed(0, 0, 0)
        assert await Code.all().count() == entries
        kinds = await Code.filter(list="organization_kind").order_by("sort")
        assert [row.code for row in kinds] == list(KINDS)
        row = await Code.get(list="organization_kind", code="PARTY_BRANCH")
        assert (row.label_zh, row.family, row.level) == ("党支部", "PARTY", "COMMUNITY")
        assert (row.plugin, row.active) == ("core", True)


async def test_what_a_deployment_changed_stays(database_url: str) -> None:
    async with open_database(database_url, []):
        await install(CORE)
        await Code.filter(code="PARTY_BRANCH").update(label_zh="支部", sort=5)
        await Code.filter(code="OWNERS_COMMITTEE").update(active=False)
        await Code.create(
            list="post", code="TEA_MASTER", label_zh="茶师", label_en="tea master", plugin=""
        )
        await KindRule.filter(child_kind="TRADE_UNION").delete()
        assert await install(CORE) == Installed(0, 0, 0)
        row = await Code.get(code="PARTY_BRANCH")
        assert (row.label_zh, row.sort) == ("支部", 5)
        assert not (await Code.get(code="OWNERS_COMMITTEE")).active
        assert (await Code.get(code="TEA_MASTER")).active
        assert not await KindRule.filter(child_kind="TRADE_UNION").exists()


async def test_what_a_plugin_no_longer_declares_becomes_inactive(database_url: str) -> None:
    def leaves(*names: str) -> CodeList:
        return CodeList("leaf", "茶叶", "tea", tuple(CodeEntry(n, "茶", "tea") for n in names))

    kind = CodeList(
        "organization_kind",
        "组织类型",
        "kinds",
        (CodeEntry("TEAHOUSE", "茶馆", "teahouse", "UNIT", "UNIT"),),
    )
    async with open_database(database_url, []):
        first = await install([*CORE, ("tea", leaves("GREEN", "BLACK"))])
        assert first.codes == sum(len(code_list.entries) for code_list in CODE_LISTS) + 2
        assert await install([*CORE, ("tea", leaves("GREEN"))]) == Installed(0, 1, 0)
        assert not (await Code.get(code="BLACK")).active
        # Not enabled is not the same as no longer declared: its rows stay as they are.
        assert await install(CORE) == Installed(0, 0, 0)
        assert (await Code.get(code="GREEN")).active
        # A kind that comes later brings its pairs along.
        pairs = [*KIND_MATRIX, ("", "TEAHOUSE"), ("TEAHOUSE", "TRADE_UNION")]
        assert await install([*CORE, ("tea", kind)], pairs) == Installed(1, 1, 2)
        assert (await Code.get(code="TEAHOUSE")).plugin == "tea"
