"""The reference pages of the documentation, made from the code.

``python -m gongzhi_schema.reference docs/reference`` writes them; a test compares what is written
with what the code says now. Described are the core and the plugins of this distribution.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from gongzhi.host import PluginRegistry, installed
from gongzhi.settings import Settings
from gongzhi_schema.reference import basics, writes
from gongzhi_schema.reference.errors import ERRORS, errors
from gongzhi_schema.reference.markdown import joined

DISTRIBUTION = "gongzhi"

__all__ = ["ERRORS", "bundled", "main", "pages"]


def bundled() -> PluginRegistry:
    """Bring the core and every plugin of this distribution together, with default settings."""
    names = [
        name
        for name, found in installed().items()
        if any(each.distribution == DISTRIBUTION for each in found)
    ]
    return PluginRegistry.load(Settings.model_validate({"plugins": names}), thorough=True)


def pages(registry: PluginRegistry) -> dict[str, str]:
    """Return the pages and their drawings, file name → text."""
    made = {
        "settings": basics.settings(registry),
        "permissions": basics.permissions(registry),
        "roles": basics.roles(registry),
        "cli": basics.cli(registry),
        "code-lists": basics.code_lists(registry),
        "imports": basics.imports(registry),
        "mutations": writes.mutations(registry),
        "states": writes.states(registry),
        "jobs": writes.jobs(registry),
        "graphql-errors": errors(),
    }
    return {
        **{f"{name}.md": f"{_GENERATED}\n\n{joined(lines)}" for name, lines in made.items()},
        **writes.drawings(registry),
    }


_GENERATED = "<!-- made by: python -m gongzhi_schema.reference docs/reference -->"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the pages into the folder that the one argument names."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if len(given) != 1:
        sys.exit("usage: python -m gongzhi_schema.reference FOLDER")
    folder = Path(given[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(bundled()).items():
        (folder / name).write_text(text, encoding="utf-8")
