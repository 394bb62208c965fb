"""Models that another app could claim."""

from tortoise import fields
from tortoise.models import Model

from gongzhi.registry.models import Member  # noqa: F401  # imported, so not this module's own


class Cup(Model):
    """Says neither app nor table."""

    id = fields.BigIntField(primary_key=True)


class PotLid(Model):
    """Says another's app and table."""

    id = fields.BigIntField(primary_key=True)

    class Meta(Model.Meta):
        """Wrong on purpose."""

        app = "core"
        table = "core_pot_lid"
