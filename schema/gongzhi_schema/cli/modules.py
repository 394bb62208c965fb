"""The command modules; importing one adds its commands."""

from __future__ import annotations

from gongzhi_schema.cli import access, contract, data, files, inspect, serve

COMMANDS = (serve, data, inspect, files, access, contract)
