"""Imports into a table that is a tree: areas, organizations, whatever a plugin keeps as one.

Rows may stand in any order, a parent after its children too. New rows get their paths from their
parents; a row whose parent changes takes its subtree, and every copy of its path, along.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Final

from tortoise.models import Model

from gongzhi.imports.cells import CellError
from gongzhi.imports.engine import Change, Run
from gongzhi.imports.rows import defaults, same, table_of
from gongzhi.imports.session import Session
from gongzhi.imports.spec import Tally
from gongzhi.imports.table import Table
from gongzhi.registry.rules import MAX_PATH, upper

MAX_DEPTH: Final = 20
"""Levels below the root; with ids of eleven digits the path still fits its column."""

_CHUNK: Final = 50_000


@dataclass(slots=True)
class Node:
    """A row that is there, or will be."""

    id: int
    path: str
    depth: int
    row: Any = None
    """Of a row that is there: ``parent_code`` and what :attr:`TreePlanner.known` names."""


@dataclass(frozen=True, slots=True)
class Move:
    """A row that is there gets another parent."""

    parent_id: int | None
    """As it is."""
    code: str
    """Of the new parent."""


@dataclass(slots=True)
class TreePlan:
    """What will be written."""

    planner: TreePlanner
    table: Table
    nodes: dict[str, Node]
    """By code: rows that are there and that the file names."""
    new: list[int]
    """Indexes of new rows, parents before children."""
    changes: dict[int, Change]
    """By id, without what moving changes."""
    moves: dict[int, Move]
    """By id."""
    unchanged: int
    paths: list[str] = field(default_factory=list)
    """Of the new rows, in their order, once they are written."""

    @property
    def tally(self) -> Tally:
        """Rows by what becomes of them."""
        changed = self.changes.keys() | self.moves.keys()
        return Tally(len(self.new), len(changed), self.unchanged)

    async def write(self, run: Run, batch_id: int) -> None:
        """Insert, change, move; then let the planner finish."""
        planner = self.planner
        await self._insert(run, batch_id)
        column = planner.parent_column
        changes = dict(self.changes)
        for row_id, move in self.moves.items():
            other = changes.get(row_id, Change(row_id, {}, {}))
            changes[row_id] = Change(
                row_id,
                {**other.before, column: move.parent_id},
                {**other.after, column: self.nodes[move.code].id},
            )
        await run.update(planner.table, list(changes.values()), batch_id)
        if self.moves:
            places = {row_id: self.nodes[move.code].id for row_id, move in self.moves.items()}
            await relocate(run.session, planner.table, planner.copies, places)
        await planner.finish(run, self, batch_id)

    async def _insert(self, run: Run, batch_id: int) -> None:
        """Insert the new rows; columns are put together by C code, rows are too many for ours."""
        planner, cells = self.planner, self.table.columns
        ids = await run.session.new_ids(planner.table, len(self.new))
        codes = _picked(cells[planner.code], self.new)
        parent_ids, self.paths, depths = self._places(
            ids, codes, _picked(cells[planner.parent], self.new)
        )
        given = planner.new_columns(run, self.table)
        stored = run.session.stored
        values = []
        for column, default in given.values():
            picked = _picked(column, self.new)
            if default is not None:
                picked = [default if value is None else value for value in picked]
            values.append(stored(picked))
        tree = ("id", planner.code_column, planner.parent_column, "path", "depth", "batch_id")
        columns = (*tree, *given)
        rest = {c: v for c, v in defaults(planner.model, run.now).items() if c not in columns}
        rows = zip(
            ids,
            codes,
            parent_ids,
            self.paths,
            depths,
            repeat(batch_id),
            *values,
            *map(repeat, stored([*rest.values()])),
            strict=False,  # what repeats has no end
        )
        await run.insert(planner.table, (*columns, *rest), rows, len(self.new))

    def _places(
        self, ids: Sequence[int], codes: Sequence[str], parents: Sequence[str | None]
    ) -> tuple[list[int | None], list[str], list[int]]:
        """Return parents' ids, paths and depths; new rows become nodes for those below them."""
        nodes, above = self.nodes, set(self.table.columns[self.planner.parent])
        parent_ids: list[int | None] = []
        paths: list[str] = []
        depths: list[int] = []
        for row_id, code, parent_code in zip(ids, codes, parents, strict=True):
            if parent_code is None:
                parent_id, path, depth = None, f"{row_id}.", 0
            else:
                parent = nodes[parent_code]
                parent_id, path, depth = parent.id, f"{parent.path}{row_id}.", parent.depth + 1
            parent_ids.append(parent_id)
            paths.append(path)
            depths.append(depth)
            if code in above:
                nodes[code] = Node(row_id, path, depth)
        return parent_ids, paths, depths


def _picked(column: Sequence[Any], order: Sequence[int]) -> list[Any]:
    """Return the values of these rows."""
    return [column[index] for index in order]


class TreePlanner:
    """Plans the import of one tree.

    :param model: the table; it has ``path``, ``depth``, ``batch_id``.
    :param columns: file column → table column, for what is stored as it is read.
    :param code: the file's column with the code of a row; the table's has the name ``code``.
    :param parent: the file's column with the parent's code.
    :param parent_column: the table's column with the parent's id.
    :param copies: names of columns, in whatever table, that hold copies of this table's paths.
    """

    code_column = "code"
    known: tuple[str, ...] = ()
    """What the rules of a subclass look at in rows that are there: SQL, ``c`` is the row and ``p``
    its parent."""

    def __init__(
        self,
        model: type[Model],
        *,
        columns: Mapping[str, str],
        code: str = "code",
        parent: str,
        parent_column: str,
        copies: Sequence[str],
        reads: Sequence[str] = (),
        also_writes: Sequence[str] = (),
    ) -> None:
        self.model = model
        self.table = table_of(model)
        self.columns = columns
        self.code = code
        self.parent = parent
        self.parent_column = parent_column
        self.copies = tuple(copies)
        self.reads = tuple(reads)
        self.writes = (self.table, *also_writes)

    # What a subclass adds

    async def derive(self, run: Run, table: Table) -> None:
        """Fill and check columns before anything is compared."""

    async def check(self, run: Run, table: Table, nodes: Mapping[str, Node]) -> None:
        """Refuse rows by rules that need what is there already."""

    async def differences(
        self, run: Run, table: Table, index: int, row: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return more columns of a row that differ: before and after."""
        del run, table, index, row
        return {}, {}

    def new_columns(self, run: Run, table: Table) -> dict[str, tuple[list[Any], Any]]:
        """Return table column → (values by index, default where the file says nothing)."""
        fallback = defaults(self.model, run.now)
        return {
            column: (table.columns[name], fallback[column]) for name, column in self.columns.items()
        }

    async def finish(self, run: Run, plan: TreePlan, batch_id: int) -> None:
        """Write what hangs on the rows."""

    # The plan

    async def plan(self, run: Run, table: Table) -> TreePlan:
        """Compare with what is there."""
        await self.derive(run, table)
        index_of = self._unique(table)
        nodes = await self._nodes(run, table, index_of)
        await self.check(run, table, nodes)
        new = self._placed(table, index_of, nodes)
        changes, moves, unchanged = await self._compared(run, table, nodes)
        for row_id in await self._cycles(run, table, index_of, nodes, moves):
            moves.pop(row_id)
            changes.pop(row_id, None)
        return TreePlan(self, table, nodes, new, changes, moves, unchanged)

    def _unique(self, table: Table) -> dict[str, int]:
        """Refuse rows whose code an earlier row has; return code → index of the first."""
        index_of: dict[str, int] = {}
        for index, code in enumerate(table.columns[self.code]):
            if code is None:
                continue
            first = index_of.setdefault(code, index)
            if first != index:
                table.refuse(index, self.code, same_as_row(table.numbers[first]))
        return index_of

    async def _nodes(self, run: Run, table: Table, index_of: Mapping[str, int]) -> dict[str, Node]:
        """Return code → row that is there, of the file's rows and their parents."""
        wanted = {*index_of, *table.columns[self.parent]}
        wanted.discard(None)
        extra = "".join(f", {expression}" for expression in self.known)
        rows = await run.session.fetch(
            f'SELECT c.id, c."{self.code_column}" AS code, c.path, c.depth,'
            f' p."{self.code_column}" AS parent_code{extra}'
            f' FROM "{self.table}" c LEFT JOIN "{self.table}" p ON p.id = c."{self.parent_column}"'
            f""" WHERE {run.session.among(f'c."{self.code_column}"', 1, "text")}""",
            run.session.listed(wanted),
        )
        return {row["code"]: Node(row["id"], row["path"], row["depth"], row) for row in rows}

    def _placed(
        self, table: Table, index_of: Mapping[str, int], nodes: Mapping[str, Node]
    ) -> list[int]:
        """Return the new rows, parents first; refuse those that have no place."""
        codes, parents, bad = table.columns[self.code], table.columns[self.parent], table.errors.bad
        above = set(parents)
        beneath: dict[str, list[int]] = {}
        depths: dict[str, int] = {}
        order: list[int] = []
        for index, (code, parent) in enumerate(zip(codes, parents, strict=True)):
            if index in bad:
                continue
            if parent is None or parent in nodes:
                if code not in nodes:
                    order.append(index)
                    if code in above:
                        depths[code] = 0 if parent is None else nodes[parent].depth + 1
            elif parent in index_of:
                beneath.setdefault(parent, []).append(index)
            else:
                table.refuse(index, self.parent, _UNKNOWN_PARENT)
        order += self._placed_below(table, nodes, depths, beneath)
        if beneath:
            self._refuse_unplaced(table, index_of, beneath)
        return order

    def _placed_below(
        self,
        table: Table,
        nodes: Mapping[str, Node],
        depths: dict[str, int],
        beneath: dict[str, list[int]],
    ) -> Iterator[int]:
        """Yield the new rows below new rows, level by level.

        :param depths: code → depth of new rows that have a place.
        :param beneath: code → indexes of rows below it; what is placed or refused is taken out.
        """
        codes = table.columns[self.code]
        ready = deque(depths)
        while ready:
            parent = ready.popleft()
            depth = depths[parent] + 1
            for child in beneath.pop(parent, ()):
                code = codes[child]
                if depth > MAX_DEPTH:
                    table.refuse(child, self.parent, _TOO_DEEP)
                # A row that is there and gets a new parent is no new row; it moves later.
                elif code not in nodes:
                    yield child
                    if code in beneath:
                        depths[code] = depth
                        ready.append(code)

    def _refuse_unplaced(
        self, table: Table, index_of: Mapping[str, int], beneath: dict[str, list[int]]
    ) -> None:
        """Refuse what hangs on a refused row, however deep, and then what hangs on itself."""
        codes, bad = table.columns[self.code], table.errors.bad
        lost = deque(code for code in beneath if index_of[code] in bad)
        while lost:
            code = lost.popleft()
            for child in beneath.pop(code, ()):
                table.refuse(child, self.parent, _parent_refused(table, index_of[code]))
                lost.append(codes[child])
        for children in beneath.values():
            for child in children:
                table.refuse(child, self.parent, _CYCLE)

    async def _compared(
        self, run: Run, table: Table, nodes: Mapping[str, Node]
    ) -> tuple[dict[int, Change], dict[int, Move], int]:
        """Compare the rows that are there, in portions: a country has many."""
        codes, parents, bad = table.columns[self.code], table.columns[self.parent], table.errors.bad
        there = [i for i, code in enumerate(codes) if code in nodes and i not in bad]
        wanted = {name: column for name, column in self.columns.items() if name in table.columns}
        compared = dict.fromkeys((*self.columns.values(), *self.compared))
        names = "".join(f', "{column}"' for column in compared)
        changes: dict[int, Change] = {}
        moves: dict[int, Move] = {}
        unchanged = 0
        for start in range(0, len(there), _CHUNK):
            portion = there[start : start + _CHUNK]
            rows = {
                row["id"]: row
                for row in await run.session.fetch(
                    f'SELECT id, "{self.parent_column}"{names} FROM "{self.table}"'
                    f" WHERE {run.session.among('id', 1, 'bigint')}",
                    run.session.listed(nodes[codes[index]].id for index in portion),
                )
            }
            for index in run.counted("compare", portion, len(portion)):
                row = rows[nodes[codes[index]].id]
                before, after = await self.differences(run, table, index, row)
                for name, column in wanted.items():
                    value = table.columns[name][index]
                    if value is not None and not same(row[column], value):
                        before[column], after[column] = row[column], value
                if after:
                    changes[row["id"]] = Change(row["id"], before, after)
                parent, parent_id = parents[index], row[self.parent_column]
                if parent is not None and (parent not in nodes or nodes[parent].id != parent_id):
                    moves[row["id"]] = Move(parent_id, parent)
                elif not after:
                    unchanged += 1
        return changes, moves, unchanged

    compared: tuple[str, ...] = ()
    """Columns of rows that are there that :meth:`differences` looks at."""

    async def _cycles(
        self,
        run: Run,
        table: Table,
        index_of: Mapping[str, int],
        nodes: Mapping[str, Node],
        moves: Mapping[int, Move],
    ) -> list[int]:
        """Refuse moves after which a row would stand below itself; return their ids."""
        if not moves:
            return []
        code_of = {node.id: code for code, node in nodes.items()}
        # Above a row: its new parent; of new rows the file's; of all others their parent as it is.
        above: dict[str, str | None] = {
            code_of[row_id]: move.code for row_id, move in moves.items()
        }
        for code, index in index_of.items():
            if code not in nodes:
                above[code] = table.columns[self.parent][index]
        ids = {
            int(step)
            for code in set(above.values())
            if code is not None and code in nodes
            for step in nodes[code].path.split(".")[:-1]
        }
        for row in await run.session.fetch(
            f'SELECT c."{self.code_column}" AS code, p."{self.code_column}" AS parent'
            f' FROM "{self.table}" c JOIN "{self.table}" p ON p.id = c."{self.parent_column}"'
            f" WHERE {run.session.among('c.id', 1, 'bigint')}",
            run.session.listed(ids),
        ):
            above.setdefault(row["code"], row["parent"])
        refused = []
        for row_id in moves:
            code = code_of[row_id]
            seen, at = {code}, above.get(code)
            while at is not None and at not in seen:
                seen.add(at)
                at = above.get(at)
            if at is not None:
                table.refuse(index_of[code], self.parent, _CYCLE)
                refused.append(row_id)
        return refused


def same_as_row(number: int) -> CellError:
    """Return the error of a row that repeats the key of an earlier one."""
    return CellError(
        code="DOUBLE_KEY",
        zh=f"与第 {number} 行重复",
        en=f"the same as in row {number}",
    )


_UNKNOWN_PARENT: Final = CellError(
    code="PARENT_UNKNOWN",
    zh="系统和本文件中都没有这个上级编码",
    en="no row with this code, neither here nor in the file",
)
_CYCLE: Final = CellError(
    code="PARENT_CYCLE",
    zh="上级关系成了一个圈",
    en="these rows stand in a circle",
)
_TOO_DEEP: Final = CellError(
    code="TREE_TOO_DEEP",
    zh=f"层级超过 {MAX_DEPTH} 层",
    en=f"more than {MAX_DEPTH} levels deep",
)


def _parent_refused(table: Table, parent: int) -> CellError:
    number = table.numbers[parent]
    return CellError(
        code="PARENT_REFUSED",
        zh=f"上级所在的第 {number} 行有错误",
        en=f"its parent in row {number} is refused",
    )


# Moves


class MoveError(Exception):
    """A row cannot be moved there: it would stand below itself, or the path would not fit."""

    def __init__(self, row_id: int) -> None:
        self.row_id = row_id
        super().__init__(f"row {row_id} cannot be moved")


async def relocate(
    session: Session,
    table: str,
    copies: Sequence[str],
    moves: Mapping[int, int | None],
) -> None:
    """Give moved rows, all below them and every copy of their paths the paths of their places.

    The column with the parent is written already.

    :raises MoveError: when a row would stand below itself, or too deep.
    """
    types = await session.column_types()
    held = [(name, column) for name in types for column in types[name] if column in copies]
    for row_id in _parents_first(moves):
        parent_id = moves[row_id]
        rows = await session.fetch(
            f'SELECT id, path FROM "{table}" WHERE {session.among("id", 1, "bigint")}',
            session.listed([row_id, *([] if parent_id is None else [parent_id])]),
        )
        paths = {row["id"]: row["path"] for row in rows}
        old = paths[row_id]
        above = "" if parent_id is None else paths[parent_id]
        if above.startswith(old):
            raise MoveError(row_id)
        new = f"{above}{row_id}."
        longest = await session.fetch(
            f'SELECT max(length(path)) AS n FROM "{table}" WHERE path >= $1 AND path < $2',
            old,
            upper(old),
        )
        if longest[0]["n"] + len(new) - len(old) > MAX_PATH:
            raise MoveError(row_id)
        await session.fetch(
            f'UPDATE "{table}" SET path = $1 || substr(path, $2), depth = depth + $3'
            " WHERE path >= $4 AND path < $5",
            new,
            len(old) + 1,
            new.count(".") - old.count("."),
            old,
            upper(old),
        )
        for name, column in held:
            await session.fetch(
                f'UPDATE "{name}" SET "{column}" = $1 || substr("{column}", $2)'
                f' WHERE "{column}" >= $3 AND "{column}" < $4',
                new,
                len(old) + 1,
                old,
                upper(old),
            )


def _parents_first(moves: Mapping[int, int | None]) -> Iterator[int]:
    """Yield moved rows so that a new parent that moves itself has moved before."""
    done: set[int] = set()
    for start in moves:
        chain: list[int] = []
        at: int | None = start
        while at in moves and at not in done and at not in chain:
            chain.append(at)  # type: ignore[arg-type]
            at = moves[at]  # type: ignore[index]
        for row_id in reversed(chain):
            done.add(row_id)
            yield row_id
