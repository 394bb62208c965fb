"""Tables of the imports: rows name the batch that created them, what one changed is kept here."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from gongzhi.database.fields import InstantField


class BatchState(StrEnum):
    """批次状态 · applied or undone."""

    APPLIED = "APPLIED"
    UNDONE = "UNDONE"


class ImportBatch(Model):
    """One applied import file."""

    id = fields.BigIntField(primary_key=True)
    entity = fields.CharField(max_length=64)
    file_name = fields.CharField(max_length=255)
    file_digest = fields.CharField(max_length=64)
    state = fields.CharEnumField(BatchState, max_length=16, default=BatchState.APPLIED)
    rows = fields.IntField(default=0)
    created = fields.IntField(default=0)
    updated = fields.IntField(default=0)
    unchanged = fields.IntField(default=0)
    by = fields.CharField(max_length=64, default="")
    applied_at = InstantField(auto_now_add=True)
    undone_at = InstantField(null=True)

    class Meta(Model.Meta):
        app = "core"
        table = "core_import_batch"


class ImportChange(Model):
    """A row that a batch changed, as it was before: an encrypted JSON object of its columns."""

    id = fields.BigIntField(primary_key=True)
    batch: fields.ForeignKeyRelation[ImportBatch] = fields.ForeignKeyField(
        "core.ImportBatch", related_name=False, on_delete=fields.CASCADE
    )
    batch_id: int
    table = fields.CharField(max_length=64)
    row_id = fields.BigIntField()
    before_cipher = fields.BinaryField()
    after_digest = fields.CharField(max_length=64)
    """Of the row after the change: undo leaves a row alone that was changed again since."""

    class Meta(Model.Meta):
        app = "core"
        table = "core_import_change"
        indexes = (Index(fields=("batch_id", "id"), name="core_import_change_batch"),)
