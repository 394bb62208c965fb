"""The unit of work: what a service is given, and the only way in which it changes anything.

It holds the transaction, who acts, and what time it is. What cannot be seen cannot be found
through it, what the actor may not change cannot be taken, and nothing is written without a record
of it: :func:`gongzhi.writing.unit.unit_of_work` refuses to commit otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from gongzhi import chain, clock
from gongzhi.database.fields import InstantField
from gongzhi.errors import GongzhiError
from gongzhi.refusals import COMMON
from gongzhi.registry.counters import Delta, adjust, on_tortoise
from gongzhi.registry.models import Area, Organization, Person
from gongzhi.registry.tree import is_postgres

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient
    from tortoise.models import Model

    from gongzhi.access.viewer import Viewer
    from gongzhi.contributions import PluginSettings
    from gongzhi.writing.machine import StateMachine, Step
    from gongzhi.writing.models import TransitionRecord
    from gongzhi.writing.unit import Deployment, Finder

_WRITING = frozenset({"INSERT", "UPDATE", "DELETE"})

Row = TypeVar("Row", bound="Model")
P = TypeVar("P", bound="PluginSettings")


class ForbiddenError(GongzhiError):
    """The viewer sees the row and may not do this to it."""

    def __init__(self, permission: str) -> None:
        self.permission = permission
        super().__init__(
            f"没有权限：需要 {permission} · not permitted: {permission} is needed here"
        )


class Work:
    """One unit of work; made by :func:`gongzhi.writing.unit.unit_of_work`."""

    def __init__(
        self,
        connection: BaseDBAsyncClient,
        deployment: Deployment,
        viewer: Viewer,
        finder: Finder,
        *,
        permission: str = "",
        request_id: str = "",
        synthetic: bool = False,
    ) -> None:
        """Take the parts.

        :param permission: what the mutation asks for where it names nothing else.
        :param synthetic: whether what is written is invented, for a demonstration.
        """
        self.connection = connection
        self.deployment = deployment
        self.viewer = viewer
        self.permission = permission
        self.now = clock.now()
        self.today = clock.today(deployment.zone)
        self._finder = finder
        self._request_id = request_id
        self._synthetic = synthetic
        self._drafts: list[chain.Draft] = []
        self._deltas: list[Delta] = []
        self._asked = viewer.is_system
        self._wrote = False
        self._person: int | None = None
        self._found: dict[tuple[type[Model], int], Model] = {}
        self._known: set[tuple[type[Model], int]] = set()
        self._transitions: dict[type[TransitionRecord], list[tuple[Any, ...]]] = {}

    # ---- who ------------------------------------------------------------------------------------

    async def person_id(self) -> int | None:
        """Return the person whose account acts, None for services and jobs."""
        if self._person is None and self.viewer.account_id is not None:
            rows = await self.fetch(
                "SELECT person_id FROM core_account WHERE id = $1", self.viewer.account_id
            )
            self._person = rows[0]["person_id"] if rows else None
        return self._person

    def settings(self, kind: type[P]) -> P:
        """Return the settings of a plugin, by their class."""
        return self.deployment.settings(kind)

    # ---- what is there --------------------------------------------------------------------------

    async def fetch(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        """Run a statement of the service's own, placeholders ``$1`` … on both databases."""
        self._wrote = self._wrote or sql.lstrip()[:6].upper() in _WRITING
        return [dict(row) for row in await on_tortoise(self.connection)(sql, params)]

    async def find(self, model: type[Row], key: int, field: str = "") -> Row:
        """Return a row that the viewer may see, and keep it as it is until the work ends.

        :param field: the parameter that named it.
        :raises RuleError: NOT_FOUND, also where it is only hidden.
        """
        return await self._find(model, key, field, "SHARE")

    async def see(self, model: type[Row], key: int, field: str = "") -> Row:
        """Return a row that the viewer may see, as it is now: it is not held.

        For a first look where rows must be held in an order; take or find what counts after that.

        :raises RuleError: NOT_FOUND, also where it is only hidden.
        """
        return await self._find(model, key, field, "")

    async def exists(self, model: type[Model], key: int, field: str = "") -> int:
        """Insist that the viewer may see a row that is only referred to; return its key.

        :raises RuleError: NOT_FOUND, also where it is only hidden.
        """
        if (model, key) not in self._known and (model, key) not in self._found:
            sql, params = self._finder.statement(model, key, self.viewer)
            found = sql.replace("SELECT t0.*", "SELECT 1 AS there", 1)
            if not await self.connection.execute_query_dict(found, params):
                COMMON.refuse("NOT_FOUND", field)
            self._known.add((model, key))
        return key

    async def find_any(self, global_id: str, field: str = "") -> Model:
        """Return a row of whatever type that the viewer may see, as :meth:`find` does.

        :param global_id: such as ``Issue:42``; the parameter's type is ``GlobalId``.
        :raises RuleError: NOT_FOUND, also where it is only hidden or no such type is enabled.
        """
        named = self._finder.named(global_id)
        if named is None:
            COMMON.refuse("NOT_FOUND", field)
        return await self._find(*named, field, "SHARE")

    async def take(
        self, model: type[Row], key: int, field: str = "", *, permission: str = ""
    ) -> Row:
        """Return a row to change it: seen, permitted, and held against other changes.

        :raises RuleError: NOT_FOUND.
        :raises ForbiddenError: when the viewer sees it and may not change it.
        """
        row = await self._find(model, key, field, "NO KEY UPDATE")
        self._found.pop((model, key), None)  # what comes after this is to find it changed
        await self.require(row, permission)
        return row

    async def _find(self, model: type[Row], key: int, field: str, hold: str) -> Row:
        if hold == "SHARE" and (known := self._found.get((model, key))) is not None:
            return cast("Row", known)
        sql, params = self._finder.statement(model, key, self.viewer)
        if hold and is_postgres(self.connection):
            sql = f"{sql} FOR {hold} OF t0"
        rows = await self.connection.execute_query_dict(sql, params)
        if not rows:
            COMMON.refuse("NOT_FOUND", field)
        row = model._init_from_db(**rows[0])  # noqa: SLF001  # as Tortoise's executor does
        if hold == "SHARE":
            self._found[model, key] = row
        return row

    async def require(self, row: Model, permission: str = "") -> None:
        """Insist that the viewer has a permission where a row belongs.

        :param row: an organization, an area, or anything with ``org_path`` and
            ``organization_id``.
        :param permission: that of the mutation where none is named.
        :raises ForbiddenError: when not.
        """
        wanted = permission or self.permission
        self._asked = True
        scope = self.viewer.scope(wanted)
        if scope.everything or self.viewer.is_system:  # no mutation names what a job asks for
            return
        if isinstance(row, Organization):
            covered = scope.covers(row.path, row.area_path)
        elif isinstance(row, Area):
            covered = scope.covers("", row.path)
        else:
            path = str(getattr(row, "org_path", ""))
            covered = scope.covers(path)
            key = getattr(row, "organization_id", None) or _last(path)
            if not covered and scope.areas and key:
                found = await self.fetch(
                    "SELECT area_path FROM core_organization WHERE id = $1", key
                )
                covered = bool(found) and scope.covers("", found[0]["area_path"])
        if not covered:
            raise ForbiddenError(wanted)

    def require_everywhere(self, permission: str = "") -> None:
        """Insist on a permission that holds for the whole registry.

        :raises ForbiddenError: when it holds for a part only, or not at all.
        """
        self._asked = True
        scope = self.viewer.scope(permission or self.permission)
        if not (scope.everything or self.viewer.is_system):
            raise ForbiddenError(permission or self.permission)

    def require_account(self) -> int:
        """Insist that an account acts, for what everybody may do with what is his own.

        :raises ForbiddenError: when not.
        """
        self._asked = True
        if self.viewer.account_id is None:
            raise ForbiddenError(self.permission)
        return self.viewer.account_id

    async def codes(self, **given: tuple[str, str]) -> None:
        """Insist that codes are active entries of their lists: ``field=(list, code)``.

        Leave out what may be empty, and is. The lists are remembered for some seconds, so that an
        entry which another process has just made inactive may pass once more.

        :raises RuleError: UNKNOWN_CODE, for the first that is not.
        """
        known = self.deployment.codes
        if not all(known.has(pair) for pair in given.values()):
            rows = await self.fetch("SELECT list, code FROM core_code WHERE active")
            known.take((row["list"], row["code"]) for row in rows)
        for field, pair in given.items():
            if not known.has(pair):
                COMMON.refuse("UNKNOWN_CODE", field, list=pair[0], code=pair[1])

    # ---- what is changed ------------------------------------------------------------------------

    async def next_id(self, model: type[Model]) -> int:
        """Return the id of the next new row of a table, for what is to stand in the row itself.

        For tables of which no row is ever deleted.
        """
        table = model._meta.db_table  # noqa: SLF001  # no public name
        if is_postgres(self.connection):
            sql = f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) AS id"
        else:  # nobody else writes until this work ends
            sql = f"SELECT coalesce(max(id), 0) + 1 AS id FROM {table}"
        return int((await self.fetch(sql))[0]["id"])

    async def insert(self, row: Row) -> Row:
        """Write a new row."""
        self._wrote = True
        if self._synthetic and "synthetic" in row._meta.fields_map:  # noqa: SLF001  # as below
            cast("Any", row).synthetic = True
        if row.pk is not None and row._meta.pk.generated:  # noqa: SLF001  # no public name
            row._custom_generated_pk = True  # noqa: SLF001  # see next_id; else it gets another
        await self._executor(row).execute_insert(row)
        row._saved_in_db = True  # noqa: SLF001  # as Model.save, which also looks for listeners
        return row

    def _executor(self, row: Model) -> Any:
        return self.connection.executor_class(model=type(row), db=self.connection)

    async def update(self, row: Model, **columns: Any) -> None:
        """Write some columns of a row that was taken, and its next version where it has one."""
        self._wrote = True
        if "version" in row._meta.fields_map:  # noqa: SLF001  # no public name
            columns["version"] = cast("Any", row).version + 1
        if "updated_at" in row._meta.fields_map:  # noqa: SLF001  # as above
            columns["updated_at"] = self.now
        for name, value in columns.items():
            setattr(row, name, value)
        await self._executor(row).execute_update(row, list(columns))

    async def delete(self, row: Model) -> None:
        """Delete a row that nothing else refers to and whose passing the event record tells."""
        self._wrote = True
        await row.delete(using_db=self.connection)

    def expect(self, row: Model, version: int | None) -> None:
        """Refuse to change what someone else changed since it was read.

        :raises RuleError: CONFLICT, with the present version.
        """
        present = cast("Any", row).version
        if version is not None and version != present:
            COMMON.refuse("CONFLICT", "expected_version", version=present)

    async def may(self, machine: StateMachine[Any], row: Model, action: str) -> Step[Any]:
        """Insist that the row's state allows an action, and the viewer may take it.

        :raises RuleError: STATE.
        :raises ForbiddenError: when the viewer has not the permission of the step.
        """
        step = machine.step(cast("Any", row).state, action)
        await self.require(row, step.permission)
        return step

    async def transition(
        self,
        machine: StateMachine[Any],
        row: Model,
        action: str,
        record: type[TransitionRecord],
        *,
        occurred_at: dt.datetime | None = None,
        on_behalf_of: int | None = None,
        reason: str = "",
        document: str = "",
        columns: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Take one step of a state machine (V30): row, transition record and event.

        :param occurred_at: when it happened, where that is not now.
        :param columns: what else changes of the row.
        :param data: what else the event says; ids, codes and days only.
        :raises RuleError: STATE, FUTURE_DATE, NOT_FOUND for ``on_behalf_of``.
        :raises ForbiddenError: when the viewer has not the permission of the step.
        """
        before = cast("Any", row).state
        step = await self.may(machine, row, action)
        if step.target is None:
            message = f"{machine.name}: {action} leads nowhere; use may() for what leaves the state"
            raise AssertionError(message)
        await self._may_have_happened(occurred_at, on_behalf_of)
        await self.update(row, state=step.target, **(columns or {}))
        self._transitioned(
            record, row, action, before.value, step.target.value,
            occurred_at, on_behalf_of, reason, document,
        )  # fmt: skip
        self.record(
            f"{machine.name}.{action}",
            row,
            occurred_at=occurred_at,
            on_behalf_of=on_behalf_of,
            data={"from": before.value, "to": step.target.value, **(data or {})},
        )

    async def begin(
        self,
        machine: StateMachine[Any],
        row: Row,
        action: str,
        record: type[TransitionRecord],
        *,
        permission: str = "",
        then: Mapping[str, dict[str, Any]] | None = None,
        occurred_at: dt.datetime | None = None,
        on_behalf_of: int | None = None,
        reason: str = "",
        document: str = "",
        data: dict[str, Any] | None = None,
    ) -> Row:
        """Write a new row in its initial state, with its first transition and event.

        :param permission: that of the mutation where none is named.
        :param then: steps that it takes at once, and what their events say; the row is written in
            the state to which they lead.
        :raises RuleError: FUTURE_DATE, NOT_FOUND for ``on_behalf_of``.
        :raises ForbiddenError: when the viewer may not do this where the row belongs.
        """
        made = cast("Any", row)
        made.state = machine.initial
        await self.require(row, permission)
        await self._may_have_happened(occurred_at, on_behalf_of)
        way: list[tuple[str, str, dict[str, Any]]] = [(action, "", data or {})]
        states = [machine.initial.value]
        for next_action, says in (then or {}).items():
            step = await self.may(machine, row, next_action)
            way.append((next_action, states[-1], says))
            made.state = step.target
            states.append(made.state.value)
        await self.insert(row)
        for (taken, before, says), after in zip(way, states, strict=True):
            self._transitioned(
                record, row, taken, before, after, occurred_at, on_behalf_of, reason, document
            )
            self.record(
                f"{machine.name}.{taken}",
                row,
                occurred_at=occurred_at,
                on_behalf_of=on_behalf_of,
                data=({"from": before} if before else {}) | {"to": after} | says,
            )
        return row

    async def _may_have_happened(
        self, occurred_at: dt.datetime | None, on_behalf_of: int | None
    ) -> None:
        if occurred_at is not None and occurred_at > self.now:
            COMMON.refuse("FUTURE_DATE", "occurred_at")
        if on_behalf_of is not None:
            await self.find(Person, on_behalf_of, "on_behalf_of")

    def _transitioned(  # the columns of the record, in the order of _TRANSITION
        self,
        record: type[TransitionRecord],
        row: Model,
        action: str,
        before: str,
        after: str,
        occurred_at: dt.datetime | None,
        on_behalf_of: int | None,
        reason: str,
        document: str,
    ) -> None:
        instant = InstantField().to_db_value
        self._transitions.setdefault(record, []).append(
            (
                row.pk,
                action,
                before,
                after,
                self.viewer.account_id,
                self.viewer.name,
                on_behalf_of,
                instant(occurred_at or self.now, row),
                instant(self.now, row),
                reason,
                document,
            )
        )

    def count(self, org_path: str, metric: str, bucket: str, n: int) -> None:
        """Change a kept count; written once, at the end of the work."""
        self._deltas.append(Delta(org_path, metric, bucket, n))

    def record(
        self,
        kind: str,
        row: Model | None = None,
        *,
        occurred_at: dt.datetime | None = None,
        on_behalf_of: int | None = None,
        data: dict[str, Any] | None = None,
        entity_type: str = "",
    ) -> None:
        """Say in the event record what was done.

        :param kind: ``<plugin>.<noun>.<verb>``.
        :param row: what it was done to; its organization is that of the event.
        :param data: ids, codes, days and numbers; never a personal value.
        :param entity_type: GraphQL type of the row, where that is not the name of its model.
        """
        organization_id, org_path = None, ""
        if isinstance(row, Organization):
            organization_id, org_path = row.id, row.path
        elif row is not None:
            org_path = getattr(row, "org_path", "")
            # what hangs on a member has a path, which ends with the key of its branch
            organization_id = getattr(row, "organization_id", None) or _last(org_path)
        self._drafts.append(
            chain.Draft(
                kind=kind,
                actor=self.viewer.name,
                account_id=self.viewer.account_id,
                on_behalf_of_id=on_behalf_of,
                organization_id=organization_id,
                org_path=org_path,
                entity_type=entity_type or ("" if row is None else type(row).__name__),
                entity_id=None if row is None else row.pk,
                request_id=self._request_id,
                occurred_at=occurred_at,
                data=data or {},
            )
        )

    # ---- the end --------------------------------------------------------------------------------

    async def close(self) -> int | None:
        """Write counts and events; return the position of the last event, None without any.

        :raises UnrecordedError: when something was written and nothing says so.
        :raises UnaskedError: when nothing asked whether the actor may.
        """
        if not self._asked:
            raise UnaskedError
        if self._wrote and not self._drafts:
            raise UnrecordedError
        execute, postgres = on_tortoise(self.connection), is_postgres(self.connection)
        before = [
            (_insert(record._meta.db_table, len(rows)), [value for row in rows for value in row])  # noqa: SLF001  # no public name
            for record, rows in self._transitions.items()
        ]
        held = {
            key: row.path for (_, key), row in self._found.items() if isinstance(row, Organization)
        }
        if any(draft.entity_type == Organization.__name__ for draft in self._drafts):
            held = {}  # what is done to organizations may have moved them
        drafts = await chain.located(execute, self._drafts, held, postgres=postgres)
        await adjust(execute, self._deltas)
        if not drafts:
            return None
        key = self.deployment.chain_key
        return await chain.append(
            execute, drafts, key=key, now=self.now, postgres=postgres, before=before
        )


_TRANSITION = (
    "subject_id",
    "action",
    "from_state",
    "to_state",
    "account_id",
    "actor",
    "on_behalf_of_id",
    "occurred_at",
    "recorded_at",
    "reason",
    "document",
)


@lru_cache
def _insert(table: str, rows: int) -> str:
    width = len(_TRANSITION)
    places = ", ".join(
        f"({', '.join(f'${number}' for number in range(first, first + width))})"
        for first in range(1, rows * width + 1, width)
    )
    return f"INSERT INTO {table} ({', '.join(_TRANSITION)}) VALUES {places}"


def _last(path: str) -> int | None:
    """Return the key at the end of a path."""
    return int(path.rstrip(".").rpartition(".")[2]) if path else None


class UnaskedError(AssertionError):
    """A service asked for no permission: a fault of the service, nothing was written."""

    def __init__(self) -> None:
        super().__init__("the service never called require(), take() or begin()")


class UnrecordedError(AssertionError):
    """A service wrote without an event: a fault of the service, nothing was written."""

    def __init__(self) -> None:
        super().__init__("the service wrote something and recorded no event")
