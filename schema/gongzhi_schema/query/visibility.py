"""The viewer's row scope, and declared conditions, as SQL.

Every reference to a table passes through :meth:`Visibility.visible`.
"""

from __future__ import annotations

from typing import Any

from tortoise.models import Model

from gongzhi.access.viewer import Bounds, Shape
from gongzhi.graph.scope import Scope, Where
from gongzhi.graph.vocabulary import TypeSpec
from gongzhi_schema.catalogue import Catalogue
from gongzhi_schema.checks import code_list
from gongzhi_schema.query.dialects import quoted
from gongzhi_schema.query.parameters import Parameters
from gongzhi_schema.query.values import Unplannable

_ORGANIZATIONS = "core_organization"
_NOTHING: tuple[bool, Bounds, Bounds] = (False, (), ())


class Visibility:
    """Compiles row scopes for viewers of one shape."""

    def __init__(
        self,
        catalogue: Catalogue,
        parameters: Parameters,
        viewer_shape: Shape,
    ) -> None:
        self._catalogue = catalogue
        self._parameters = parameters
        self._shape = {code: (every, orgs, areas) for code, every, orgs, areas in viewer_shape}

    def visible(self, spec: TypeSpec, alias: str, *, bounded: bool = False) -> list[str]:
        """Return the viewer's predicate on a table; ``FALSE`` where nothing is visible.

        :param bounded: other conditions narrow the rows more, and are to choose the index.
        """
        scope = spec.scope
        if scope.is_public:
            return []
        if scope.row is not None:
            return self._along(spec, scope.row, alias)
        options: list[str] = []
        if scope.owner is not None:
            account = self._parameters.add(lambda bind: bind.viewer.account_id, "int", "viewer")
            options.append(f'{alias}."{scope.owner}" = {account}')
        if spec.read is not None:
            inside = self.inside(spec.read, scope, alias, bounded=bounded)
            if inside == "TRUE":
                return []
            if inside != "FALSE":
                options.append(inside)
                options += [
                    self._through(spec.read, through.model, through.by, alias)
                    for through in scope.through
                ]
        if scope.public is not None:
            options.append(static(self._catalogue, scope.public, alias, spec))
        if not options:
            return ["FALSE"]
        return [options[0] if len(options) == 1 else f"({' OR '.join(options)})"]

    def inside(self, permission: str, scope: Scope, alias: str, *, bounded: bool = False) -> str:
        """Return the condition that a row lies in the scope of a permission."""
        everything, organizations, areas = self._shape.get(permission, _NOTHING)
        if everything:
            return "TRUE"
        options = []
        if scope.path is not None and organizations:
            column = f'{alias}."{scope.path}"'
            if bounded:
                column = self._parameters.dialect.unindexed(column)
            options.append(self._ranges(organizations, column))
        if areas:
            if scope.area_path is not None:
                column = f'{alias}."{scope.area_path}"'
                options.append(self._ranges(areas, column))
            elif scope.organization is not None:
                o = self._parameters.alias()
                ranges = self._ranges(areas, f"{o}.area_path")
                options.append(
                    f"EXISTS (SELECT 1 FROM {_ORGANIZATIONS} {o} "
                    f'WHERE {o}.id = {alias}."{scope.organization}_id" AND {ranges})'
                )
        if not options:
            return "FALSE"
        return options[0] if len(options) == 1 else f"({' OR '.join(options)})"

    def _along(self, spec: TypeSpec, row: str, alias: str) -> list[str]:
        key = self._catalogue.tables.of(spec.model).foreign_keys[row]
        x = self._parameters.alias()
        target = self.spec_of(key.target)
        if spec.read is None:
            conditions = self.visible(target, x)
        else:
            inside = self.inside(spec.read, target.scope, x)
            conditions = [] if inside == "TRUE" else [inside]
        if conditions in ([], ["FALSE"]):
            return conditions
        inside = " AND ".join(conditions)
        whole = self._catalogue.tables.of(key.target).name
        return [
            f'EXISTS (SELECT 1 FROM {whole} {x} WHERE {x}.id = {alias}."{key.column}" AND {inside})'
        ]

    def _through(self, permission: str, model: type[Model], by: str, alias: str) -> str:
        x = self._parameters.alias()
        spec = self.spec_of(model)
        table = self._catalogue.tables.of(model)
        inside = self.inside(permission, spec.scope, x)
        return (
            f"EXISTS (SELECT 1 FROM {table.name} {x} "
            f'WHERE {x}."{table.foreign_keys[by].column}" = {alias}.id AND {inside})'
        )

    def _ranges(self, bounds: Bounds, column: str) -> str:
        ranges = [
            f"{column} >= {self._bound(lo)} AND {column} < {self._bound(hi)}" for lo, hi in bounds
        ]
        return ranges[0] if len(ranges) == 1 else "(" + " OR ".join(ranges) + ")"

    def _bound(self, position: int) -> str:
        """Return the placeholder of one end of a range of the viewer."""
        return self._parameters.add(
            lambda bind: bind.viewer.bounds[position], "text", ("bound", position)
        )

    def spec_of(self, model: type[Model]) -> TypeSpec:
        """Return the declaration of the type over a model."""
        for info in self._catalogue.types.values():
            if info.spec is not None and info.spec.model is model:
                return info.spec
        raise Unplannable(model.__name__)

    def whole(self, permission: str, path: str, after: str) -> str:
        """Return the condition that a whole subtree lies in the scope of a permission."""
        _, organizations, _ = self._shape.get(permission, _NOTHING)
        covered = [
            f"({path} >= {self._bound(lo)} AND {after} <= {self._bound(hi)})"
            for lo, hi in organizations
        ]
        return " OR ".join(covered) or "FALSE"


def static(catalogue: Catalogue, where: Where, alias: str, spec: TypeSpec) -> str:
    """Return conditions whose values stand in a declaration."""
    return " AND ".join(
        _static_one(catalogue, name, value, alias, spec) for name, value in where.items()
    )


def _static_one(catalogue: Catalogue, name: str, value: Any, alias: str, spec: TypeSpec) -> str:
    column, _, test = name.partition("__")
    expression = f'{alias}."{column}"'
    if test == "family":
        listed = code_list(catalogue, spec.model, column)
        if listed is None:
            raise Unplannable(name)
        return family(expression, listed, value)
    if isinstance(value, tuple):
        values = ", ".join(_constant(v) for v in value)
        return f"{expression} {'NOT ' if test == 'not' else ''}IN ({values})"
    if value is None:
        return f"{expression} IS {'NOT ' if test == 'not' else ''}NULL"
    operator = {"": "=", "not": "<>", "gte": ">=", "lt": "<"}[test]
    return f"{expression} {operator} {_constant(value)}"


def family(expression: str, code_list: str, families: str | tuple[str, ...]) -> str:
    """Return the condition that a code belongs to a family of its list."""
    wanted = (families,) if isinstance(families, str) else families
    return (
        f"{expression} IN (SELECT code FROM core_code WHERE list = {quoted(code_list)} "
        f"AND family IN ({', '.join(map(quoted, wanted))}))"
    )


def _constant(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    return quoted(str(getattr(value, "name", value)))
