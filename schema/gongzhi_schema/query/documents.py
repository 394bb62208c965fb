"""Documents by their text: parsed, measured, validated once; each operation keeps its plans."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from graphql import (
    GraphQLError,
    GraphQLNonNull,
    GraphQLSyntaxError,
    parse,
    specified_rules,
    type_from_ast,
    validate,
)
from graphql.execution.values import get_variable_values
from graphql.language import Token, ast
from graphql.validation import (
    ASTValidationRule,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
)

from gongzhi_schema.catalogue import Catalogue
from gongzhi_schema.query.frames import Plan
from gongzhi_schema.query.limits import LimitError, Limits, Measure
from gongzhi_schema.query.values import shape

if TYPE_CHECKING:
    from gongzhi_schema.query.outcomes import MutationPlan

_PLANS_PER_OPERATION = 64
"""One for each viewer shape and structure of variables; past that they are compiled anew."""

_REMEMBERED_LENGTH = 32_768
"""Longer texts are parsed each time, so that the cache cannot fill the memory."""

_HELD = 50_000_000
"""Characters of SQL that the plans of all documents may come to; past that all begin anew."""

_WRITTEN = 20_000
"""As how many characters the plan of a mutation counts, which holds a statement for each result."""

_MAX_INT = 2**31 - 1

_COMPARISONS = 30
"""Work that a document's merged fields may give, for each token that a document may have.

It is the one rule whose work grows with the square of the document. The library's own limit is
the same for all; 3 kB that stay below it take a quarter of a second.
"""


class DocumentLimits(Limits, Protocol):
    """The limits that hold for a document as a whole."""

    tokens: int
    errors: int


class RequestError(Exception):
    """A request that is refused before anything runs."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


def refused(code: str, message: str) -> RequestError:
    """Make the refusal with one error."""
    return RequestError([GraphQLError(message, extensions={"code": code})])


def _nul() -> RequestError:
    """Make the refusal of what PostgreSQL cannot keep, so that both databases answer alike."""
    return refused("BAD_USER_INPUT", "文本中不能有空字符 · texts must not contain NUL")


def _holds_nul(value: Any) -> bool:
    """Whether a JSON value holds a NUL; without recursion, for it may nest a thousand levels."""
    rest = [value]
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            if "\x00" in value:
                return True
        elif isinstance(value, dict):
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
    return False


class Operation:
    """One validated operation of a document."""

    def __init__(
        self,
        catalogue: Catalogue,
        node: ast.OperationDefinitionNode,
        document: ast.DocumentNode,
        fragments: Mapping[str, ast.FragmentDefinitionNode],
        measure: Measure,
        hold: Callable[[int], None],
    ) -> None:
        """Prepare for plans.

        :param hold: told how long each plan is that is kept.
        """
        self.node = node
        self.document = document
        self.fragments = fragments
        self.name = node.name.value if node.name else None
        self.is_query = node.operation.value == "query"
        self.plans: dict[Any, Plan | MutationPlan | None] = {}
        self._hold = hold
        self._schema = catalogue.schema
        self._cost = measure.cost(node)
        self._constant_cost = None if self._cost.names else self._cost.of({})
        self._simple = _simple_reader(catalogue, node)
        self._switches = frozenset(_switches(node, fragments))

    def coerce(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the variables as their types say.

        :raises RequestError: when one has not the declared type, holds a NUL, or is null and
            decides whether something is selected.
        """
        if self._simple is not None and (found := self._simple(given)) is not None:
            return found
        result = get_variable_values(
            self._schema, self.node.variable_definitions or (), dict(given), max_errors=5
        )
        if isinstance(result, list):
            for error in result:
                error.extensions = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
            raise RequestError(result)
        if any(map(_holds_nul, given.values())):
            raise _nul()
        if any(v is None for name, v in result.coerced.items() if name in self._switches):
            raise refused(
                "BAD_USER_INPUT",
                "@skip 和 @include 的条件不能为空 · the condition of @skip or @include is null",
            )
        return result.coerced

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Return the cost.

        :raises RequestError: when it is above the limit.
        """
        if self._constant_cost is not None:
            return self._constant_cost
        try:
            return self._cost.of(variables)
        except LimitError as exc:
            raise RequestError([exc]) from exc

    def shape(self, variables: Mapping[str, Any]) -> Any:
        """Return what of the variables a plan depends on."""
        switches = self._switches
        return tuple(
            [
                (name, value if name in switches else shape(value))
                for name, value in variables.items()
            ]
        )

    def remember(self, key: Any, plan: Plan | MutationPlan | None) -> None:
        """Keep a plan, or that there is none."""
        if len(self.plans) >= _PLANS_PER_OPERATION:
            self.plans.clear()
        self.plans[key] = plan
        if plan is not None:
            self._hold(len(plan.sql) if isinstance(plan, Plan) else _WRITTEN)


class Document:
    """A validated document."""

    def __init__(self, operations: list[Operation]) -> None:
        self._operations = operations
        self._by_name = {o.name: o for o in operations}

    def operation(self, name: str | None) -> Operation:
        """Return the operation to run.

        :raises RequestError: when the name is unknown, or missing and needed.
        """
        if name is None or name == "":
            if len(self._operations) == 1:
                return self._operations[0]
            raise refused(
                "OPERATION_RESOLUTION_FAILURE",
                "文档含多个操作，请给出 operationName · the document has several operations: "
                "name one in operationName",
            )
        found = self._by_name.get(name)
        if found is None:
            raise refused(
                "OPERATION_RESOLUTION_FAILURE",
                "文档中没有这个操作 · the document has no operation of that name",
            )
        return found


class Documents:
    """A bounded cache of documents by text, the one unused longest going first."""

    def __init__(
        self, catalogue: Catalogue, limits: DocumentLimits, *, introspection: bool, size: int = 1000
    ) -> None:
        self._catalogue = catalogue
        self._limits = limits
        self._introspection = introspection
        self._size = size
        self._rules = _rules(limits.tokens * _COMPARISONS)
        self._known: OrderedDict[str, Document] = OrderedDict()
        self._held = 0

    def get(self, text: str) -> Document:
        """Return the document of a text.

        What is refused is not remembered: it is rare from an honest client, and endless from
        another.

        :raises RequestError: when it cannot be parsed, is too large or not valid.
        """
        found = self._known.get(text)
        if found is None:
            found = self._make(text)
            if len(text) <= _REMEMBERED_LENGTH:
                if len(self._known) >= self._size:
                    self._known.popitem(last=False)
                self._known[text] = found
        else:
            self._known.move_to_end(text)
        return found

    def _hold(self, length: int) -> None:
        """Count a plan that is kept; a document of 3 kB may have plans of half a megabyte."""
        self._held += length
        if self._held > _HELD:
            self._known.clear()
            self._held = 0

    def _make(self, text: str) -> Document:
        try:
            return self._checked(self._parse(text))
        except LimitError as exc:
            raise RequestError([exc]) from exc
        except RecursionError as exc:
            raise refused("DEPTH_LIMIT", "文档嵌套过深 · the document nests too deep") from exc

    def _checked(self, document: ast.DocumentNode) -> Document:
        fragments = {
            d.name.value: d
            for d in document.definitions
            if isinstance(d, ast.FragmentDefinitionNode)
        }
        operations = [d for d in document.definitions if isinstance(d, ast.OperationDefinitionNode)]
        if not operations:
            raise refused(
                "GRAPHQL_VALIDATION_FAILED", "文档中没有操作 · the document has no operation"
            )
        measure = Measure(self._catalogue, self._limits, fragments)
        measure.check(operations)
        if not self._introspection and any(map(measure.introspects, operations)):
            raise refused("INTROSPECTION_DISABLED", "未开放内省 · introspection is not open here")
        errors = validate(
            self._catalogue.schema,
            document,
            self._rules,
            max_errors=self._limits.errors,
            hide_suggestions=not self._introspection,
        )
        if errors:
            for error in errors:
                if error.message == "Validation aborted.":  # it tells a reader nothing
                    error.message = "文档过于复杂 · the document is too complex to be checked"
                error.extensions = {"code": "GRAPHQL_VALIDATION_FAILED"}
            raise RequestError(errors[: self._limits.errors])
        return Document(
            [
                Operation(self._catalogue, o, document, fragments, measure, self._hold)
                for o in operations
            ]
        )

    def _parse(self, text: str) -> ast.DocumentNode:
        try:
            document = parse(text, max_tokens=self._limits.tokens)
        except GraphQLSyntaxError as exc:
            too_long = "Document contains more than" in exc.message
            exc.extensions = {"code": "TOKEN_LIMIT" if too_long else "GRAPHQL_PARSE_FAILED"}
            raise RequestError([exc]) from exc
        if "\\u" in text and document.loc is not None:
            token: Token | None = document.loc.start_token
            while token is not None:
                if token.value is not None and "\x00" in token.value:
                    raise _nul()
                token = token.next
        return document


def _rules(comparisons: int) -> list[type[ASTValidationRule]]:
    """Return the rules of the specification, that of merged fields with this much work."""

    class Merged(OverlappingFieldsCanBeMergedRule):
        """Fields under one name can be merged."""

        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = comparisons

    return [Merged if r is OverlappingFieldsCanBeMergedRule else r for r in specified_rules]


_Check = Callable[[Any], bool]

_SCALARS: dict[str, _Check] = {
    "ID": lambda v: type(v) is str and "\x00" not in v,
    "String": lambda v: type(v) is str and "\x00" not in v,
    "Boolean": lambda v: type(v) is bool,
    "Int": lambda v: type(v) is int and -_MAX_INT <= v <= _MAX_INT,
}


def _simple_reader(
    catalogue: Catalogue, node: ast.OperationDefinitionNode
) -> Callable[[Mapping[str, Any]], Mapping[str, Any] | None] | None:
    """Return a quick way to read variables that are all plain scalars; None where they are not.

    It gives None for anything unusual, and graphql-core then says what is wrong with it.
    """
    names: list[tuple[str, _Check, bool]] = []
    for definition in node.variable_definitions or ():
        kind = type_from_ast(catalogue.schema, definition.type)
        non_null = isinstance(kind, GraphQLNonNull)
        inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        check = _SCALARS.get(getattr(inner, "name", ""))
        if check is None or definition.default_value is not None:
            return None
        names.append((definition.variable.name.value, check, non_null))

    def read(given: Mapping[str, Any]) -> Mapping[str, Any] | None:
        found = {}
        for name, check, non_null in names:
            if name in given:
                value = given[name]
                if not (check(value) or (value is None and not non_null)):
                    return None
                found[name] = value
            elif non_null:
                return None
        return found

    return read


def _switches(
    node: ast.OperationDefinitionNode, fragments: Mapping[str, ast.FragmentDefinitionNode]
) -> list[str]:
    """Return the variables of ``@skip`` and ``@include``: their values decide the plan."""
    names: list[str] = []

    def walk(selection: ast.SelectionSetNode) -> None:
        for item in selection.selections:
            for directive in item.directives or ():
                names.extend(
                    argument.value.name.value
                    for argument in directive.arguments or ()
                    if isinstance(argument.value, ast.VariableNode)
                )
            inner = getattr(item, "selection_set", None)
            if inner is not None:
                walk(inner)

    walk(node.selection_set)
    for fragment in fragments.values():
        walk(fragment.selection_set)
    return names
