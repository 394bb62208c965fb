"""The command ``gongzhi``: the outermost layer, where settings, plugins, schema and server meet.

Command modules import what they need inside their functions, so that help and mistakes in the
command line are quick. A plugin's own commands stand under ``gongzhi <plugin>`` and are found
only when they are asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gongzhi.errors import GongzhiError, RuleError
from gongzhi_schema.cli.base import app
from gongzhi_schema.cli.modules import COMMANDS

__all__ = ["COMMANDS", "app", "main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 told what is wrong, 2 not understood."""
    try:
        app(None if arguments is None else list(arguments), prog_name="gongzhi")
    except RuleError as exc:
        sys.exit(f"gongzhi: {exc.message_zh} · {exc.message_en}")
    except GongzhiError as exc:
        sys.exit(f"gongzhi: {exc}")
