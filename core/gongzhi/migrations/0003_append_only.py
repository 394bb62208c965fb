"""The event record is appended to, and nothing else.

Who may write to the database can take these triggers away; they stand against mistakes, and
``gongzhi audit verify`` against the rest. The path alone may change: it follows the organization.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

_COVERED = (
    "id, kind, recorded_at, occurred_at, account_id, actor, on_behalf_of_id, organization_id, "
    "entity_type, entity_id, request_id, data, hash"
)

_SQLITE = (
    "CREATE TRIGGER core_event_kept BEFORE DELETE ON core_event"
    " BEGIN SELECT RAISE(ABORT, 'core_event is append-only'); END",
    f"CREATE TRIGGER core_event_unaltered BEFORE UPDATE OF {_COVERED} ON core_event"
    " BEGIN SELECT RAISE(ABORT, 'core_event is append-only'); END",
    # INSERT OR REPLACE deletes without asking the trigger for DELETE
    "CREATE TRIGGER core_event_once BEFORE INSERT ON core_event"
    " WHEN EXISTS (SELECT 1 FROM core_event WHERE id = NEW.id)"
    " BEGIN SELECT RAISE(ABORT, 'core_event is append-only'); END",
    "CREATE TRIGGER core_chain_kept BEFORE DELETE ON core_chain"
    " BEGIN SELECT RAISE(ABORT, 'core_chain goes forward only'); END",
    "CREATE TRIGGER core_chain_once BEFORE INSERT ON core_chain"
    " WHEN EXISTS (SELECT 1 FROM core_chain)"
    " BEGIN SELECT RAISE(ABORT, 'core_chain goes forward only'); END",
    "CREATE TRIGGER core_chain_forward BEFORE UPDATE ON core_chain"
    " WHEN NEW.id <> OLD.id OR NEW.position < OLD.position"
    " BEGIN SELECT RAISE(ABORT, 'core_chain goes forward only'); END",
)

_POSTGRES = (
    "CREATE FUNCTION core_append_only() RETURNS trigger LANGUAGE plpgsql AS $$"
    " BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
    "CREATE TRIGGER core_event_kept BEFORE DELETE ON core_event"
    " FOR EACH ROW EXECUTE FUNCTION core_append_only()",
    "CREATE TRIGGER core_event_emptied BEFORE TRUNCATE ON core_event"
    " FOR EACH STATEMENT EXECUTE FUNCTION core_append_only()",
    f"CREATE TRIGGER core_event_unaltered BEFORE UPDATE OF {_COVERED} ON core_event"
    " FOR EACH ROW EXECUTE FUNCTION core_append_only()",
    "CREATE TRIGGER core_chain_kept BEFORE DELETE ON core_chain"
    " FOR EACH ROW EXECUTE FUNCTION core_append_only()",
    "CREATE TRIGGER core_chain_emptied BEFORE TRUNCATE ON core_chain"
    " FOR EACH STATEMENT EXECUTE FUNCTION core_append_only()",
    "CREATE TRIGGER core_chain_forward BEFORE UPDATE ON core_chain FOR EACH ROW"
    " WHEN (NEW.id <> OLD.id OR NEW.position < OLD.position)"
    " EXECUTE FUNCTION core_append_only()",
)


async def _guard(_apps: Any, editor: Any) -> None:
    sqlite = editor.client.capabilities.dialect == "sqlite"
    for statement in _SQLITE if sqlite else _POSTGRES:
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    """Triggers on the event record and its chain."""

    dependencies = [("core", "0002_writes")]

    initial = False

    operations = [ops.RunPython(code=_guard)]
