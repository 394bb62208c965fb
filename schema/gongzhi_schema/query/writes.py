"""Run mutations: the client's input to the service's arguments, one unit of work, the outcome."""

from __future__ import annotations

import asyncio
import hmac
import logging
import random
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson
from graphql import GraphQLError
from tortoise.models import Model

from gongzhi.database import bound
from gongzhi.errors import RuleError
from gongzhi.graph.mutations import IDEMPOTENCY_KEY, InputError, Mutate, read_fields
from gongzhi.registry.counters import on_tortoise
from gongzhi.writing import ForbiddenError, Key, unit_of_work
from gongzhi_schema.catalogue import Catalogue
from gongzhi_schema.query.dialects import Dialect
from gongzhi_schema.query.frames import Plan
from gongzhi_schema.query.parameters import Parameters
from gongzhi_schema.query.values import BadInput, Bind, camel, key_of, split_id
from gongzhi_schema.query.visibility import Visibility

if TYPE_CHECKING:
    from collections.abc import Callable

    from tortoise.context import TortoiseContext

    from gongzhi.access.viewer import Viewer
    from gongzhi.writing import Deployment, Work

log = logging.getLogger("gongzhi.writes")

_ATTEMPTS = 3
"""How often a unit of work is tried that the database ended to free others of a deadlock."""

_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_BUSY = (*_AGAIN, asyncpg.LockNotAvailableError)

_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Refusal:
    """One entry of a payload's ``errors``."""

    code: str
    field: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Payload:
    """What a mutation gives back: the key of a row, or an object, or why nothing was written."""

    key: int | None = None
    value: Any = None
    errors: tuple[Refusal, ...] = ()


class Sight:
    """Finds rows for services under the same predicate that reads have."""

    def __init__(
        self, catalogue: Catalogue, dialect: Dialect, bind: Callable[[Viewer], Bind]
    ) -> None:
        self._catalogue = catalogue
        self._dialect = dialect
        self._bind = bind
        self._plans: OrderedDict[tuple[type[Model], str], Plan] = OrderedDict()

    def statement(self, model: type[Model], key: int, viewer: Viewer) -> tuple[str, list[Any]]:
        """See :meth:`gongzhi.writing.Finder.statement`."""
        place = (model, viewer.shape_key)
        plan = self._plans.get(place)
        if plan is None:
            plan = self._plans[place] = self._plan(model, viewer)
            if len(self._plans) > _REMEMBERED:
                self._plans.popitem(last=False)
        bind = self._bind(viewer)
        bind.variables = {"key": key}
        return plan.sql, plan.bind(bind)

    def named(self, global_id: str) -> tuple[type[Model], int] | None:
        """See :meth:`gongzhi.writing.Finder.named`."""
        found = split_id(global_id)
        info = self._catalogue.types.get(found[0]) if found else None
        if found is None or info is None or info.spec is None or not info.spec.is_node:
            return None
        return info.spec.model, found[1]

    def _plan(self, model: type[Model], viewer: Viewer) -> Plan:
        parameters = Parameters(self._dialect)
        visibility = Visibility(self._catalogue, parameters, viewer.shape)
        key = parameters.add(lambda bind: bind.variables["key"], "int")
        where = [f"t0.id = {key}", *visibility.visible(visibility.spec_of(model), "t0")]
        table = self._catalogue.tables.of(model).name
        return parameters.plan(f"SELECT t0.* FROM {table} t0 WHERE {' AND '.join(where)}")


class Writes:
    """Runs the mutations of one composed schema on one database."""

    def __init__(
        self,
        catalogue: Catalogue,
        dialect: Dialect,
        deployment: Deployment,
        context: TortoiseContext,
        bind: Callable[[Viewer], Bind],
    ) -> None:
        self.deployment = deployment
        self._context = context
        self._sight = Sight(catalogue, dialect, bind)
        self._names: dict[type[Model], tuple[str, ...]] = {}
        for info in catalogue.nodes:
            if info.spec is not None:
                model = info.spec.model
                self._names[model] = (*self._names.get(model, ()), info.name)

    async def run(
        self,
        source: Mutate,
        given: Mapping[str, Any],
        viewer: Viewer,
        *,
        request_id: str,
        language: str,
    ) -> Payload:
        """Run one mutation.

        :raises GraphQLError: UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, KEY_REUSED, ALREADY_DONE,
            BUSY.
        """
        if viewer.account_id is None:
            raise _error("UNAUTHENTICATED", "请先登录 · log in first")
        try:
            readers = {each.name: each.read for each in source.parameters}
            arguments = read_fields(given, readers, self._key)
        except (BadInput, InputError) as exc:
            raise _error("BAD_USER_INPUT", str(exc)) from exc
        for each in source.parameters:
            if each.required and each.name not in arguments:
                name = camel(each.name)
                raise _error(
                    "BAD_USER_INPUT", f"缺少 {name}，可为 null · {name} is missing; null will do"
                )
        key = given.get(camel(IDEMPOTENCY_KEY))
        try:
            with bound(self._context):
                return await self._attempts(source, arguments, given, key, viewer, request_id)
        except RuleError as exc:
            return Payload(errors=(_refusal(source, exc, language),))
        except ForbiddenError as exc:
            raise _error("FORBIDDEN", str(exc)) from exc
        except _BUSY as exc:
            raise _error(
                "BUSY",
                "相关记录正被修改，请稍后重试 · this is being changed by someone else, try again",
            ) from exc

    async def _attempts(
        self,
        source: Mutate,
        arguments: Mapping[str, Any],
        given: Mapping[str, Any],
        key: str | None,
        viewer: Viewer,
        request_id: str,
    ) -> Payload:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with unit_of_work(
                    self.deployment,
                    viewer,
                    self._sight,
                    permission=source.permission,
                    request_id=request_id,
                ) as work:
                    if key is None:
                        return _payload(await source.service(work, **arguments))
                    return await _keyed(work, source, arguments, given, key)
            except _AGAIN:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311  # apart
        raise AssertionError  # the loop returns or raises

    def _key(self, value: str, key: Key) -> int:
        return key_of(value, *self._names[key.model])


async def _keyed(
    work: Work, source: Mutate, arguments: Mapping[str, Any], given: Mapping[str, Any], key: str
) -> Payload:
    """Run the service once for a key; a second request waits for the first and gets its result."""
    if not 0 < len(key) <= 64:  # noqa: PLR2004  # width of the column
        raise _error(
            "BAD_USER_INPUT",
            "idempotencyKey 须有 1 至 64 个字符 · idempotencyKey has 1 to 64 characters",
        )
    # keyed, because an input may hold a number that a plain hash would give away
    digest = hmac.digest(
        work.deployment.chain_key,
        orjson.dumps(dict(given), option=orjson.OPT_SORT_KEYS, default=str),
        "sha256",
    ).hex()
    account = work.viewer.account_id
    execute = on_tortoise(work.connection)  # not the work's: a key alone needs no event
    claimed = await execute(
        "INSERT INTO core_request_key (account_id, key, mutation, digest, recorded_at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, key) DO NOTHING RETURNING id",
        [account, key, source.name, digest, work.now],
    )
    if not claimed:
        work.require_account()  # nothing is written, and the row is read in the viewer's scope
        rows = await work.fetch(
            "SELECT mutation, digest, entity_id FROM core_request_key"
            " WHERE account_id = $1 AND key = $2",
            account,
            key,
        )
        first = rows[0]
        if (first["mutation"], first["digest"]) != (source.name, digest):
            raise _error(
                "KEY_REUSED",
                "此 idempotencyKey 已用于另一请求 · this idempotencyKey belongs to another request",
            )
        if first["entity_id"] is None:
            raise _error(
                "ALREADY_DONE",
                "此请求已办理，结果不再显示 · this request was done, its result is not shown again",
            )
        return Payload(key=first["entity_id"])
    found = _payload(await source.service(work, **arguments))
    if found.key is not None:
        await execute(
            "UPDATE core_request_key SET entity_id = $1 WHERE id = $2",
            [found.key, claimed[0]["id"]],
        )
    return found


def _payload(found: Any) -> Payload:
    if isinstance(found, Model):
        return Payload(key=found.pk)
    if isinstance(found, int):
        return Payload(key=found)
    return Payload(value=found)


def _refusal(source: Mutate, exc: RuleError, language: str) -> Refusal:
    if exc.code not in source.codes:
        log.error("%s refused with %s, which its docstring does not name", source.name, exc.code)
        raise _error(exc.code, f"{exc.message_zh} · {exc.message_en}") from exc
    message = exc.message_en if language == "en" else exc.message_zh
    return Refusal(exc.code, camel(exc.field) if exc.field else None, message)


def _error(code: str, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})
