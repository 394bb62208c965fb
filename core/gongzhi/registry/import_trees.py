"""How the rows of area and organization files meet those that are there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gongzhi.errors import RuleError
from gongzhi.imports.cells import CellError
from gongzhi.imports.engine import Run
from gongzhi.imports.rows import as_date
from gongzhi.imports.table import Table
from gongzhi.imports.trees import Node, TreePlan, TreePlanner
from gongzhi.privacy import mask_mobile
from gongzhi.registry import counters
from gongzhi.registry.codes import OrganizationStatus
from gongzhi.registry.lists import ORGANIZATION_KIND
from gongzhi.registry.models import Area, Organization
from gongzhi.registry.rules import TEXTS, check_position, check_temporary
from gongzhi.registry.tree import AREA_COPIES, ORGANIZATION_COPIES

RECOUNT_FROM: Final = 5_000
"""From so many changed counts on, counting everything anew is quicker than adjusting."""

_LEVEL_KINDS: Final = {"PROVINCE": "PROVINCE", "CITY": "CITY", "COUNTY": "DISTRICT"}
_PARK: Final = re.compile(
    r"(?:园区?|开发区|示范区|试验区|工业区|保税区|合作区|功能区|实验区|物流区|新区|基地)"
    r"(?:（.*）)?$"
)
_Names = tuple[tuple[tuple[str, ...], str], ...]
_TOWN_NAMES: Final[_Names] = (
    (("街道", "街道办事处", "办事处", "地区"), "SUBDISTRICT"),
    (("镇",), "TOWN"),
    (("乡", "苏木"), "TOWNSHIP"),
)
_VILLAGE_NAMES: Final[_Names] = (
    (("村民委员会", "村委会", "村", "嘎查"), "VILLAGE"),
    (("居民委员会", "居委会", "居民区", "社区"), "RESIDENTIAL_AREA"),
)


def area_kind(level: str, name: str, code: str) -> str | None:
    """Return the kind of an administrative division, by its level, its name and then its code.

    Where the name does not tell, the code does: by the rules of the National Bureau of Statistics
    for division codes, digits 7 to 9 are 001–099 for subdistricts, 100–199 for towns, 200–399 for
    townships and 400–599 for units like them; digits 10 to 12 are 001–199 for residents'
    committees, 200–399 for villagers' committees, 400–499 and 500–599 for units like them.

    :returns: nothing for a level that has no kind of its own.
    """
    if level == "VILLAGE":
        for endings, kind in _VILLAGE_NAMES:
            if name.endswith(endings):
                return kind
        return "VILLAGE" if code[9:10] in {"2", "3", "5"} else "RESIDENTIAL_AREA"
    if level == "TOWN":
        for endings, kind in _TOWN_NAMES:
            if name.endswith(endings):
                return kind
        if _PARK.search(name):
            return "PARK"
        return {"0": "SUBDISTRICT", "1": "TOWN"}.get(code[6:7], "TOWNSHIP")
    return _LEVEL_KINDS.get(level)


class AreaPlanner(TreePlanner):
    """Areas: by code. The kind is given, or follows from the level."""

    def __init__(self) -> None:
        super().__init__(
            Area,
            columns={
                "name": "name",
                "kind": "kind",
                "households": "households",
                "population": "population",
                "population_qualifier": "population_qualifier",
                "synthetic": "synthetic",
            },
            parent="parent_code",
            parent_column="parent_id",
            copies=tuple(AREA_COPIES),
        )

    async def derive(self, run: Run, table: Table) -> None:  # noqa: ARG002  # inherited
        """Fill the kinds that are not given."""
        kinds, levels = table.columns["kind"], table.columns["level"]
        if not {"kind", "level"} & table.present:
            levels = kinds  # so every row is refused below
        names, codes, bad = table.columns["name"], table.columns["code"], table.errors.bad
        filled = list(kinds)
        for index, kind in enumerate(kinds):
            if kind is None and index not in bad:
                level = levels[index]
                found = area_kind(level, names[index], codes[index]) if level else None
                if found is None:
                    table.refuse(index, "kind", _KIND_NEEDED)
                filled[index] = found
        table.columns["kind"] = filled


_KIND_NEEDED: Final = CellError(
    code="KIND_NEEDED",
    zh="必须填写类型，或者填写能推出类型的层级（省级至村级）",
    en="give the kind, or a level from province to village that it follows from",
)


class OrganizationPlanner(TreePlanner):
    """Organizations: by code, with their area and the rules for where a kind may stand (V27)."""

    known = (
        "c.kind",
        "c.status",
        "c.is_temporary",
        "c.review_on",
        "p.kind AS parent_kind",
    )
    compared = ("phone_cipher", "path")

    def __init__(self) -> None:
        super().__init__(
            Organization,
            columns={
                "name": "name",
                "short_name": "short_name",
                "kind": "kind",
                "level": "level",
                "field": "field",
                "is_temporary": "is_temporary",
                "purpose": "purpose",
                "review_on": "review_on",
                "established_on": "established_on",
                "approved_by": "approved_by",
                "area_id": "area_id",
                "area_path": "area_path",
                "phone_masked": "phone_masked",
                "synthetic": "synthetic",
            },
            parent="superior_code",
            parent_column="superior_id",
            copies=tuple(ORGANIZATION_COPIES),
            reads=("core_area",),
            also_writes=("core_counter",),
        )

    async def derive(self, run: Run, table: Table) -> None:
        """Find the areas, and mask the telephone numbers."""
        await find_areas(run, table, "area_code", "area_id", "area_path")
        table.columns["phone_masked"] = [
            None if phone is None else mask_mobile(phone) for phone in table.columns["phone"]
        ]

    async def check(self, run: Run, table: Table, nodes: Mapping[str, Node]) -> None:
        """Refuse what the rules of the registry refuse."""
        levels = {option.code: option.level for option in run.code_lists[ORGANIZATION_KIND]}
        given = list(table.columns["level"])
        table.columns["level"] = given
        kinds, codes = table.columns["kind"], table.columns["code"]
        parents, bad = table.columns[self.parent], table.errors.bad
        index_of: dict[str, int] = {}
        for index, code in enumerate(codes):
            index_of.setdefault(code, index)
            if index in bad:
                continue
            node = nodes.get(code)
            if given[index] is None and node is None:
                given[index] = levels.get(kinds[index], "") or None
                if given[index] is None:
                    table.refuse(index, "level", _LEVEL_NEEDED)
            if node and node.row["status"] != OrganizationStatus.ACTIVE:
                _refuse_rule(table, index, "code", "NOT_ACTIVE")
            superior = nodes.get(parents[index])
            if superior and superior.row["status"] != OrganizationStatus.ACTIVE:
                _refuse_rule(table, index, self.parent, "NOT_ACTIVE")
            self._check_temporary(table, index, node)
        await self._check_positions(run, table, nodes, index_of)

    @staticmethod
    def _check_temporary(table: Table, index: int, node: Node | None) -> None:
        cells = table.columns

        def fact(name: str) -> Any:
            value = cells[name][index]
            return node.row[name] if value is None and node else value

        if fact("is_temporary"):
            refused = check_temporary(
                is_temporary=True,
                established_on=cells["established_on"][index],
                review_on=as_date(fact("review_on")),
            )
            refuse_rules(table, index, refused)

    async def _check_positions(
        self, run: Run, table: Table, nodes: Mapping[str, Node], index_of: Mapping[str, int]
    ) -> None:
        """V27, for rows that are new, move or change their kind, and for those below them."""
        kinds, codes, parents = (table.columns[name] for name in ("kind", "code", self.parent))
        good = [i for i in range(len(table)) if i not in table.errors.bad]
        matrix = {
            (row["parent_kind"], row["child_kind"])
            for row in await run.session.fetch("SELECT parent_kind, child_kind FROM core_kind_rule")
        }
        turned = {
            codes[i]: kinds[i]
            for i in good
            if codes[i] in nodes and nodes[codes[i]].row["kind"] != kinds[i]
        }
        for index in good:
            node = nodes.get(codes[index])
            stays = node.row["parent_code"] if node else None
            parent = parents[index] or stays
            same_place = node is not None and parent == stays and codes[index] not in turned
            if same_place and parent not in turned:
                continue
            above: str | None = ""
            if parent is None:
                pass
            elif parent in index_of:
                above = kinds[index_of[parent]]
            elif parent in nodes:
                above = nodes[parent].row["kind"]
            else:
                above = node.row["parent_kind"] if node and parent == stays else None
            if above is not None:  # or the superior is unknown or refused, which is said elsewhere
                refused = check_position(kinds[index], above, matrix)
                refuse_rules(table, index, refused, self.parent)
        await self._check_subordinates(run, table, nodes, turned, matrix)

    async def _check_subordinates(
        self,
        run: Run,
        table: Table,
        nodes: Mapping[str, Node],
        turned: Mapping[str, str],
        matrix: set[tuple[str, str]],
    ) -> None:
        """V27 for subordinates that the file does not have, under rows that change their kind."""
        if not turned:
            return
        index_of = {code: index for index, code in enumerate(table.columns["code"])}
        for row in await run.session.fetch(
            "SELECT DISTINCT c.code, c.kind, p.code AS above FROM core_organization c"
            " JOIN core_organization p ON p.id = c.superior_id"
            f" WHERE {run.session.among('p.id', 1, 'bigint')} AND c.status = 'ACTIVE'",
            run.session.listed(nodes[code].id for code in turned),
        ):
            if row["code"] not in index_of:
                refused = check_position(row["kind"], turned[row["above"]], matrix)
                refuse_rules(table, index_of[row["above"]], refused, "kind")

    async def differences(
        self, run: Run, table: Table, index: int, row: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Compare the telephone number, which is encrypted."""
        phone, stored = table.columns["phone"][index], row["phone_cipher"]
        if phone is None or (stored is not None and run.privacy.decrypt(stored) == phone):
            return {}, {}
        return {"phone_cipher": stored}, {"phone_cipher": run.privacy.encrypt(phone)}

    def new_columns(self, run: Run, table: Table) -> dict[str, tuple[list[Any], Any]]:
        """Add the encrypted telephone numbers."""
        encrypt = run.privacy.encrypt
        phones = [None if phone is None else encrypt(phone) for phone in table.columns["phone"]]
        return {**super().new_columns(run, table), "phone_cipher": (phones, None)}

    async def finish(self, run: Run, plan: TreePlan, batch_id: int) -> None:  # noqa: ARG002
        """Keep the counts of organizations."""
        deltas: list[counters.Delta] = []
        kinds = plan.table.columns["kind"]
        for index, path in zip(plan.new, plan.paths, strict=True):
            deltas.append(counters.Delta(path, counters.ORGANIZATIONS, kinds[index], 1))
        paths = {node.id: node.path for node in plan.nodes.values()}
        for change in plan.changes.values():
            if "kind" in change.after:
                path = paths[change.row_id]
                deltas += (
                    counters.Delta(path, counters.ORGANIZATIONS, change.before["kind"], -1),
                    counters.Delta(path, counters.ORGANIZATIONS, change.after["kind"], 1),
                )
        await keep_counts(run, deltas, moved=bool(plan.moves))


async def keep_counts(run: Run, deltas: list[counters.Delta], *, moved: bool = False) -> None:
    """Bring the kept counts up to date, the quicker way.

    :param moved: organizations have other paths now than the deltas say.
    """
    run.progress("count", 0, 0)
    if moved or len(deltas) > RECOUNT_FROM:
        await counters.recount(run.session.execute)
    else:
        await counters.adjust(run.session.execute, deltas)


async def find_areas(run: Run, table: Table, code: str, row_id: str, path: str) -> None:
    """Fill the columns ``row_id`` and ``path`` of the areas that the column ``code`` names."""
    codes = table.columns[code]
    wanted = {value for value in codes if value is not None}
    found: dict[str | None, tuple[int | None, str | None]] = {None: (None, None)}
    for row in await run.session.fetch(
        f"SELECT id, code, path FROM core_area WHERE {run.session.among('code', 1, 'text')}",
        run.session.listed(wanted),
    ):
        found[row["code"]] = (row["id"], row["path"])
    for index, value in enumerate(codes):
        if value not in found:
            table.refuse(index, code, _UNKNOWN_AREA)
    nothing = found[None]
    places = [found.get(value, nothing) for value in codes]
    table.columns[row_id] = [place[0] for place in places]
    table.columns[path] = [place[1] for place in places]


def refuse_rules(
    table: Table, index: int, refused: list[RuleError], column: str | None = None
) -> None:
    """Refuse a row by what the rules of the registry say.

    :param column: the file's column, where it is not called like the rule's field.
    """
    for error in refused:
        name = column or (error.field if error.field in table.columns else "")
        table.errors.add(index, name, error.code, error.message_zh, error.message_en)


def _refuse_rule(table: Table, index: int, column: str, code: str) -> None:
    zh, en = TEXTS[code]
    table.errors.add(index, column, code, zh, en)


_UNKNOWN_AREA: Final = CellError(
    code="AREA_UNKNOWN",
    zh="没有这个编码的地域，请先导入地域",
    en="there is no area with this code; import the areas first",
)
_LEVEL_NEEDED: Final = CellError(
    code="LEVEL_NEEDED",
    zh="这一类型没有默认层级，请填写层级",
    en="this kind has no level by default; give one",
)
