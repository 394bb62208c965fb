"""Descriptions of a type and its fields, written in the one docstring of its class.

::

    class Appointment(Node):
        \"\"\"任职 · a post that a person holds.

        post: 职务 · which post
        starts_on: 任职日期 · the first day,
            which may be unknown
        \"\"\"

        post: Code = coded("post")
        starts_on: dt.date | None

So the words stand together above, and the graph below shows at a glance.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection

_FIELD = re.compile(r"(\w+): (.+)")


def split_docstring(text: str, fields: Collection[str]) -> tuple[str, dict[str, str]]:
    """Split a docstring into the description of the type and those of its fields.

    A line ``name: text`` describes the field of that name, indented lines after it go on. What
    names no field belongs to the type.
    """
    about: list[str] = []
    described: dict[str, str] = {}
    current = ""
    for line in inspect.cleandoc(text).splitlines():
        match = _FIELD.fullmatch(line)
        if match and match[1] in fields:
            current = match[1]
            described[current] = match[2].strip()
        elif current and line.startswith(" "):
            described[current] += f" {line.strip()}"
        else:
            current = ""
            about.append(line)
    return "\n".join(about).strip(), described
