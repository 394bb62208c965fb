"""Answer a mutation operation: each root field in its order, each result by one planned statement.

This is the quick way, for operations whose results are all planned rows. It is chosen before
anything is written; the rest runs in graphql-core, through the same :class:`~.writes.Writes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson
from graphql import GraphQLError, located_error
from graphql.language import ast

from gongzhi.database.reads import StatementTooDeepError
from gongzhi.graph.mutations import Mutate, Outcome
from gongzhi_schema.query.frames import Plan
from gongzhi_schema.query.planner import Compiler
from gongzhi_schema.query.selection import Selected
from gongzhi_schema.query.values import BadInput, Bind, Unplannable, Value, read_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gongzhi.database.reads import Reader
    from gongzhi_schema.query.writes import Payload, Refusal, Writes

MakeCompiler = Callable[[bool], Compiler]
"""Makes a compiler; the argument says whether its statements are to be flat."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the payload: how it is read, once its key is known."""

    type_name: str
    nodes: list[ast.FieldNode]
    plan: Plan


@dataclass(frozen=True, slots=True)
class _Step:
    """One root field."""

    key: str
    nodes: list[ast.FieldNode]
    source: Mutate
    given: Value
    parts: tuple[tuple[bytes, str | _Row | Selected], ...]
    """Of the payload, key as JSON → a fixed name, the row, or what is selected of the errors."""


@dataclass(frozen=True, slots=True)
class MutationPlan:
    """All root fields of an operation, in order; a text is a ``__typename``."""

    steps: tuple[_Step | tuple[str, str], ...]

    @property
    def sql(self) -> str:
        """All its statements; what remembers plans goes by their length."""
        rows = (
            part.plan.sql
            for step in self.steps
            if isinstance(step, _Step)
            for _, part in step.parts
            if isinstance(part, _Row)
        )
        return ";".join(rows)


def plan_mutations(make: MakeCompiler, root: ast.SelectionSetNode) -> MutationPlan:
    """Plan an operation.

    :raises Unplannable: when something of it must run in graphql-core.
    :raises BadInput: when an argument is not valid.
    """
    compiler = make(False)
    fields = compiler.catalogue.types["Mutation"].fields
    steps: list[_Step | tuple[str, str]] = []
    for key, nodes in compiler.selections.of(root, "Mutation").items():
        name = nodes[0].name.value
        if name == "__typename":
            steps.append((key, "Mutation"))
            continue
        info = fields[name]
        if not isinstance(info.source, Mutate):
            raise Unplannable(name)
        given = read_arguments(nodes[0], info.graphql.args, compiler.variables)["input"]
        parts = tuple(_parts(make, compiler, info.type_name, nodes))
        steps.append(_Step(key, nodes, info.source, given, parts))
    return MutationPlan(tuple(steps))


def _parts(
    make: MakeCompiler, compiler: Compiler, payload: str, nodes: list[ast.FieldNode]
) -> list[tuple[bytes, str | _Row | Selected]]:
    fields = compiler.catalogue.types[payload].fields
    found: list[tuple[bytes, str | _Row | Selected]] = []
    for key, below in compiler.selections.below(nodes, payload).items():
        part: str | _Row | Selected
        name = below[0].name.value
        if name == "__typename":
            part = payload
        elif isinstance(fields[name].source, Outcome):
            target = compiler.catalogue.types.get(fields[name].type_name)
            if target is None or target.spec is None:
                raise Unplannable(name)
            part = _Row(target.name, below, make(False).row(target.name, below))
        else:
            part = compiler.selections.below(below, fields[name].type_name)
        found.append((orjson.dumps(key), part))
    return found


class MutationRun:
    """One run of a plan."""

    def __init__(
        self,
        writes: Writes,
        reader: Reader,
        make: MakeCompiler,
        bind: Bind,
        *,
        request_id: str,
        language: str,
    ) -> None:
        self._writes = writes
        self._reader = reader
        self._make = make
        self._bind = bind
        self._request_id = request_id
        self._language = language
        self.errors: list[GraphQLError] = []

    async def data(self, plan: MutationPlan) -> bytes:
        """Return the JSON of ``data``; what went wrong is then in :attr:`errors`."""
        members = []
        for step in plan.steps:
            if isinstance(step, tuple):
                members.append(orjson.dumps(step[0]) + b":" + orjson.dumps(step[1]))
            else:
                members.append(orjson.dumps(step.key) + b":" + await self._step(step))
        return b"{" + b",".join(members) + b"}"

    async def _step(self, step: _Step) -> bytes:
        try:
            for _, part in step.parts:
                if isinstance(part, _Row):  # what it refuses of the client, before it is too late
                    part.plan.bind(replace(self._bind, key=0))
            payload = await self._writes.run(
                step.source,
                step.given.get(self._bind),
                self._bind.viewer,
                request_id=self._request_id,
                language=self._language,
            )
            return await self._payload(step, payload)
        except BadInput as exc:
            error = GraphQLError(str(exc), step.nodes, extensions={"code": "BAD_USER_INPUT"})
        except Exception as exc:  # noqa: BLE001  # as in graphql-core: it costs this field only
            error = located_error(exc, step.nodes, [step.key])
        self.errors.append(error)
        return b"null"

    async def _payload(self, step: _Step, payload: Payload) -> bytes:
        members = []
        for key, part in step.parts:
            if isinstance(part, str):
                made = orjson.dumps(part)
            elif isinstance(part, _Row):
                made = b"null" if payload.key is None else await self._row(part, payload.key)
            else:
                made = orjson.dumps([_refusal(step, part, each) for each in payload.errors])
            members.append(key + b":" + made)
        return b"{" + b",".join(members) + b"}"

    async def _row(self, row: _Row, key: int) -> bytes:
        bind = replace(self._bind, key=key)
        try:
            found = await self._reader.text(row.plan.sql, row.plan.bind(bind))
        except StatementTooDeepError:
            flat = self._make(True).row(row.type_name, row.nodes)
            found = await self._reader.text(flat.sql, flat.bind(bind))
        return b"null" if found is None else found.encode()


def _refusal(step: _Step, selected: Selected, refusal: Refusal) -> Mapping[str, Any]:
    values = {
        "code": refusal.code,
        "field": refusal.field,
        "message": refusal.message,
        "__typename": step.source.error.__name__,
    }
    return {key: values[nodes[0].name.value] for key, nodes in selected.items()}
