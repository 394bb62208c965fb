"""The corpus: documents in ``query/corpus/*.graphql`` with their variables in ``query/corpus/*.json``.

``"=label"`` in either stands for the global id of a seeded row, ``"=code:label"`` for its code.
The JSON is a list of variable sets; without a file there is one, empty.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.data import Rows

FOLDER = Path(__file__).parent.parent / "query" / "corpus"
_LABEL = re.compile(r'"=((?:code:)?)([^"]+)"')


@dataclass(frozen=True)
class Case:
    """One document with one set of variables."""

    name: str
    text: str
    variables: dict[str, Any]


def filled(text: str, rows: Rows) -> str:
    """Put ids and codes in the place of labels."""

    def value(match: re.Match[str]) -> str:
        gid = rows.names[match[2]]
        if not match[1]:
            return json.dumps(gid)
        kind, _, key = gid.partition(":")
        table = next(t for m, t in rows.tables.items() if m.__name__ == kind)
        return json.dumps(table[int(key) - 1].code, ensure_ascii=False)

    return _LABEL.sub(value, text)


def names() -> list[str]:
    """Return the names of all documents."""
    return sorted(path.stem for path in FOLDER.glob("*.graphql"))


def cases(name: str, rows: Rows) -> list[Case]:
    """Return a document with each of its sets of variables."""
    text = filled((FOLDER / f"{name}.graphql").read_text(encoding="utf-8"), rows)
    file = FOLDER / f"{name}.json"
    sets = json.loads(filled(file.read_text(encoding="utf-8"), rows)) if file.exists() else [{}]
    return [Case(f"{name}-{i}", text, variables) for i, variables in enumerate(sets)]
