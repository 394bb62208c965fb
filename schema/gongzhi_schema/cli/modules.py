"""The command modules; importing one adds its commands."""

from __future__ import annotations

from gongzhi_schema.cli import access, contract, data, demo, files, inspect, serve

COMMANDS = (demo, serve, data, inspect, files, access, contract)
