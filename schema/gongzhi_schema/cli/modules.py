"""The command modules; importing one adds its commands."""

from __future__ import annotations

from gongzhi_schema.cli import (
    access,
    audit,
    calendar,
    contract,
    data,
    demo,
    files,
    inspect,
    serve,
    worker,
)

COMMANDS = (demo, serve, worker, data, inspect, files, access, audit, calendar, contract)
