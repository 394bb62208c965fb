"""A plugin for proofs: every kind of column, source and scope that the core itself does not use."""

from __future__ import annotations

from collections.abc import Sequence

from gongzhi.contributions import Permission, Register
from gongzhi.hooks import hookimpl
from gongzhi.plugin import Plugin


class Probe(Plugin):
    """试验 · proofs."""

    name = "probe"
    title = "试验 · proofs"
    version = "0.1.0"
    api = 1
    models = ("tests.support.probe.models",)
    migrations = "tests.support.probe.migrations"

    @hookimpl
    def register_graphql(self) -> Sequence[type]:
        """Return a type and the fields added to others."""
        from tests.support.probe.api import GRAPHQL

        return GRAPHQL

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return one permission, for staff."""
        roles = ("DISTRICT_ORG_DEPT_ADMIN", "SUBDISTRICT_STAFF", "DISTRICT_SOCIETY_WORK_ADMIN")
        return (Permission("probe.thing.read", "看", "read things", roles),)

    @hookimpl
    def register_registers(self) -> Sequence[Register]:
        """Return a register whose conditions use every comparison."""
        from tests.support.probe.models import Thing

        where = {"rank__gte": 0, "rank__lt": 9, "mood__not": "SAD", "note__not": None}
        return (Register("PROBE", "试验", "it's a probe: ?1 $1", Thing, where),)


plugin = Probe()
