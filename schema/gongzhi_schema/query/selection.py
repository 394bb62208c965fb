"""Selections of a document: fragments spread, ``@skip`` and ``@include`` decided, keys merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql.language import ast

from gongzhi_schema.catalogue import Catalogue
from gongzhi_schema.query.values import BadInput, Unplannable

Selected = dict[str, list[ast.FieldNode]]
"""Response key → the field nodes merged under it, in the order of the document."""

_MOST = 50_000
"""Selections read for one plan, about a tenth of a second: the cost counts objects, not the fields
of each, and fragments may multiply those."""


class Selections:
    """Collects fields as the specification says, for one document and one set of variables."""

    def __init__(
        self,
        catalogue: Catalogue,
        fragments: Mapping[str, ast.FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._catalogue = catalogue
        self._fragments = fragments
        self._variables = variables
        self._left = _MOST

    def below(self, nodes: Iterable[ast.FieldNode], type_name: str) -> Selected:
        """Return what is selected of an object under these merged field nodes.

        :raises BadInput: when more was selected by now than one plan may hold.
        """
        found: Selected = {}
        seen: set[str] = set()  # one for all nodes: else nested fragments multiply at each level
        for node in nodes:
            if node.selection_set is not None:
                self._collect(node.selection_set, type_name, found, seen)
        return found

    def of(self, selection: ast.SelectionSetNode, type_name: str) -> Selected:
        """Return what a selection set selects of an object.

        :raises BadInput: as :meth:`below`.
        """
        found: Selected = {}
        self._collect(selection, type_name, found, set())
        return found

    def _collect(
        self, selection: ast.SelectionSetNode, type_name: str, found: Selected, seen: set[str]
    ) -> None:
        self._left -= len(selection.selections)
        if self._left < 0:
            message = "展开后字段过多，请拆分操作 · too many fields in all: split the operation"
            raise BadInput(message)
        for item in selection.selections:
            if not self._included(item):
                continue
            if isinstance(item, ast.FieldNode):
                found.setdefault((item.alias or item.name).value, []).append(item)
            elif isinstance(item, ast.FragmentSpreadNode):
                name = item.name.value
                fragment = self._fragments[name]
                if name not in seen and self._applies(fragment.type_condition, type_name):
                    seen.add(name)
                    self._collect(fragment.selection_set, type_name, found, seen)
            elif isinstance(item, ast.InlineFragmentNode) and (
                item.type_condition is None or self._applies(item.type_condition, type_name)
            ):
                self._collect(item.selection_set, type_name, found, seen)

    def _applies(self, condition: ast.NamedTypeNode, type_name: str) -> bool:
        return self._catalogue.matches(condition.name.value, type_name)

    def _included(self, node: ast.SelectionNode) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name not in ("skip", "include"):
                raise Unplannable(name)
            value = (directive.arguments or ())[0].value
            if isinstance(value, ast.VariableNode):
                chosen = self._variables[value.name.value]
            else:
                chosen = value.value  # type: ignore[attr-defined]  # a Boolean literal, validated
            if chosen is (name == "skip"):
                return False
        return True
