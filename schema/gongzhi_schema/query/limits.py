"""What an operation may ask for, measured in one pass that visits each fragment once.

A fragment that is spread many times counts each time, but is measured only the first: the stock
limiters walk it again at every spread, so that a document of 800 bytes stalls them for seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import GraphQLError
from graphql.language import ast

from gongzhi.graph.sources import Count, Expression, Many, NodeById, Tally
from gongzhi_schema.catalogue import Catalogue, FieldInfo

_INTROSPECTION_DEPTH = 18
_COUNTING = 10
"""Cost of a field that counts rows."""

_OBJECT = 1
_LIST = 20
"""Assumed length of a plain list; such lists are short by declaration."""

_LARGEST = 2**53 - 1
"""The largest number that every reader of JSON reads; fragments multiply far beyond it."""


class Limits(Protocol):
    """The limits, from the settings."""

    depth: int
    aliases: int
    root_fields: int
    directives: int
    operations: int
    variables: int
    page_size: int
    default_page_size: int
    cost: int


@dataclass(slots=True)
class _Size:
    """What one selection set amounts to, fragments included."""

    depth: int = 0
    schema_depth: int = 0
    """Depth of what is asked of the schema itself, which is not in ``depth``."""
    aliases: int = 0
    directives: int = 0
    fields: int = 0


class LimitError(GraphQLError):
    """An operation asks for more than the server gives; the code says which limit it is."""

    def __init__(self, code: str, what: str, found: int, maximum: int) -> None:
        found = min(found, _LARGEST)
        super().__init__(
            f"{what}：{found}，上限 {maximum} · {code.lower().replace('_', ' ')}: "
            f"{found}, at most {maximum}",
            extensions={"code": code, "requested": found, "maximum": maximum},
        )


class Measure:
    """Measures the operations of one document."""

    def __init__(
        self,
        catalogue: Catalogue,
        limits: Limits,
        fragments: Mapping[str, ast.FragmentDefinitionNode],
    ) -> None:
        self._catalogue = catalogue
        self._limits = limits
        self._fragments = fragments
        self._sizes: dict[str, _Size] = {}
        self._open: set[str] = set()

    # ---- size ------------------------------------------------------------------------------------

    def check(self, operations: Sequence[ast.OperationDefinitionNode]) -> None:
        """Refuse operations that are too many or too large, before they are validated.

        :raises LimitError: naming the limit.
        """
        maximum = self._limits.operations
        if len(operations) > maximum:
            raise LimitError("OPERATION_LIMIT", "操作数", len(operations), maximum)
        for operation in operations:
            self._check(operation)

    def _check(self, operation: ast.OperationDefinitionNode) -> None:
        limits = self._limits
        size = self._size(operation.selection_set)
        directives = size.directives + len(operation.directives or ())
        schema_depth = max(limits.depth, _INTROSPECTION_DEPTH)
        variables = len(operation.variable_definitions or ())
        for code, what, found, maximum in (
            ("DEPTH_LIMIT", "查询层数", size.depth, limits.depth),
            ("DEPTH_LIMIT", "内省层数", size.schema_depth, schema_depth),
            ("ALIAS_LIMIT", "别名数", size.aliases, limits.aliases),
            ("ROOT_FIELD_LIMIT", "根字段数", size.fields, limits.root_fields),
            ("DIRECTIVE_LIMIT", "指令数", directives, limits.directives),
            ("VARIABLE_LIMIT", "变量数", variables, limits.variables),
        ):
            if found > maximum:
                raise LimitError(code, what, found, maximum)

    def introspects(self, operation: ast.OperationDefinitionNode) -> bool:
        """Whether an operation asks for the schema itself."""
        return self._size(operation.selection_set).schema_depth > 0

    def _size(self, selection: ast.SelectionSetNode) -> _Size:
        total = _Size()
        for item in selection.selections:
            total.directives += len(item.directives or ())
            if isinstance(item, ast.FieldNode):
                total.fields += 1
                total.aliases += item.alias is not None
                below = self._size(item.selection_set) if item.selection_set else _Size()
                if item.name.value in ("__schema", "__type"):
                    total.schema_depth = max(total.schema_depth, below.depth + 1)
                else:
                    total.depth = max(total.depth, below.depth + 1)
                total.schema_depth = max(total.schema_depth, below.schema_depth)
                total.aliases += below.aliases
                total.directives += below.directives
            else:
                inner = (
                    self._size(item.selection_set)
                    if isinstance(item, ast.InlineFragmentNode)
                    else self._fragment(item.name.value)  # type: ignore[attr-defined]
                )
                total.depth = max(total.depth, inner.depth)
                total.aliases += inner.aliases
                total.directives += inner.directives
                total.fields += inner.fields
                total.schema_depth = max(total.schema_depth, inner.schema_depth)
        return total

    def _fragment(self, name: str) -> _Size:
        found = self._sizes.get(name)
        if found is None:
            fragment = self._fragments.get(name)
            if fragment is None or name in self._open:
                return _Size()  # unknown or circular: validation says so
            self._open.add(name)
            found = self._sizes[name] = self._size(fragment.selection_set)
            self._open.discard(name)
        return found

    # ---- cost ------------------------------------------------------------------------------------

    def cost(self, operation: ast.OperationDefinitionNode) -> CostModel:
        """Return the cost of a validated operation, as a function of its page sizes."""
        root = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}
        model = CostModel(self._limits)
        model.total = self._cost(operation.selection_set, root[operation.operation.value], model)
        model.names = tuple(sorted(model.sizes))
        return model

    def _cost(
        self,
        selection: ast.SelectionSetNode,
        type_name: str,
        model: CostModel,
        length: Length = 1,
    ) -> Term:
        """Add up what is selected of an object; ``length`` is that of the connection it is."""
        terms: list[tuple[Length, Term]] = []
        for item in selection.selections:
            if isinstance(item, ast.FieldNode):
                terms.append((1, self._field_cost(item, type_name, model, length)))
            elif isinstance(item, ast.InlineFragmentNode):
                inner = item.type_condition.name.value if item.type_condition else type_name
                terms.append((1, self._cost(item.selection_set, inner, model, length)))
            elif isinstance(item, ast.FragmentSpreadNode):
                key = (item.name.value, length)
                if key not in model.fragments:
                    fragment = self._fragments[item.name.value]
                    inner = fragment.type_condition.name.value
                    found = self._cost(fragment.selection_set, inner, model, length)
                    model.fragments[key] = found
                terms.append((1, model.fragments[key]))
        return Term(0, tuple(terms))

    def _field_cost(
        self, node: ast.FieldNode, type_name: str, model: CostModel, length: Length
    ) -> Term:
        info = self._info(type_name, node.name.value)
        if info is not None and (
            isinstance(info.source, Count | Tally)
            or (isinstance(info.source, Expression) and info.source.counts)
            or info.name == "totalCount"
        ):
            return Term(_COUNTING, ())
        if info is None or node.selection_set is None:
            return Term(0, ())
        if info.is_connection:
            pages = self._page_length(node, model)
            below = self._cost(node.selection_set, info.named, model, pages)
            return Term(_OBJECT, ((1, below),))
        below = self._cost(node.selection_set, info.named, model)
        one = Term(_OBJECT, ((1, below),))
        if isinstance(info.source, NodeById | Many) and info.is_list:
            longest = _LIST if isinstance(info.source, Many) else self._limits.page_size
            return Term(_OBJECT, ((longest, one),))
        if info.name in ("edges", "nodes") and self._catalogue.is_page_type(type_name):
            return Term(0, ((length, one),))
        return one

    def _info(self, type_name: str, name: str) -> FieldInfo | None:
        found = self._catalogue.types.get(type_name)
        if found is not None:
            return found.fields.get(name)
        for concrete in self._catalogue.abstract.get(type_name, ()):
            info = self._catalogue.types[concrete].fields.get(name)
            if info is not None:
                return info
        return None

    def _page_length(self, node: ast.FieldNode, model: CostModel) -> Length:
        for argument in node.arguments or ():
            if argument.name.value == "first":
                if isinstance(argument.value, ast.VariableNode):
                    model.sizes.add(argument.value.name.value)
                    return argument.value.name.value
                if isinstance(argument.value, ast.IntValueNode):
                    return min(int(argument.value.value), self._limits.page_size)
        return self._limits.default_page_size


Length = int | str
"""How many rows a page has: a number, or the variable that will say it."""


@dataclass(frozen=True, slots=True)
class Term:
    """A cost: a constant and the sum of factors times inner costs; shared between spreads."""

    own: int
    below: tuple[tuple[Length, Term], ...]


class CostModel:
    """The cost of one operation; linear to evaluate, whatever the fragments."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.total = Term(0, ())
        self.sizes: set[str] = set()
        self.fragments: dict[tuple[str, Length], Term] = {}
        self.names: tuple[str, ...] = ()
        self._known: dict[tuple[Any, ...], int] = {}

    def of(self, variables: Mapping[str, Any]) -> int:
        """Return the cost for these page sizes.

        :raises LimitError: when it is above the limit.
        """
        sizes = tuple(variables.get(n) for n in self.names)
        found = self._known.get(sizes)
        if found is None:
            if len(self._known) > self._limits.page_size:
                self._known.clear()
            default = self._limits.default_page_size
            given = {
                n: min(v, self._limits.page_size) if isinstance(v, int) else default
                for n, v in zip(self.names, sizes, strict=True)
            }
            found = self._known[sizes] = _evaluate(self.total, given, {})
        if found > self._limits.cost:
            raise LimitError("COST_LIMIT", "查询开销", found, self._limits.cost)
        return found


def _evaluate(term: Term, sizes: Mapping[str, int], memo: dict[int, int]) -> int:
    found = memo.get(id(term))
    if found is None:
        found = term.own
        for factor, inner in term.below:
            times = factor if isinstance(factor, int) else sizes[factor]
            # a page of none is refused only when it is planned, with all that is below it
            found += max(times, 1) * _evaluate(inner, sizes, memo)
        memo[id(term)] = found
    return found
