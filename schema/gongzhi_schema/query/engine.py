"""Answer an operation: one statement where everything is planned, graphql-core for the rest."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from graphql import ExecutionResult, GraphQLError, execute

from gongzhi.database.reads import Reader, StatementTimeoutError, StatementTooDeepError
from gongzhi.errors import DatabaseUnavailableError, GongzhiError
from gongzhi_schema.query.dialects import DIALECTS
from gongzhi_schema.query.documents import DocumentLimits, Documents, Operation, RequestError
from gongzhi_schema.query.frames import Page, Plan
from gongzhi_schema.query.outcomes import MutationPlan, MutationRun, plan_mutations
from gongzhi_schema.query.planner import Compiler
from gongzhi_schema.query.resolvers import Execution
from gongzhi_schema.query.selection import Selections
from gongzhi_schema.query.values import BadInput, Bind, Unplannable

if TYPE_CHECKING:
    import datetime as dt

    from gongzhi.access.viewer import Viewer
    from gongzhi.registry.rules import Norms
    from gongzhi_schema.compose import Composed
    from gongzhi_schema.query.writes import Writes

log = logging.getLogger("gongzhi.query")


class EngineLimits(DocumentLimits, Page, Protocol):
    """All limits that the engine keeps."""

    timeout_seconds: float


@dataclass(slots=True)  # not frozen: freezing triples the cost of making one, for each request
class Answer:
    """The answer to a request: an HTTP status and the body."""

    status: int
    body: bytes
    tier: str
    """``raw``, ``core`` or ``refused``."""


class Engine:
    """Answers operations on one composed schema and one database."""

    def __init__(
        self,
        composed: Composed,
        reader: Reader,
        limits: EngineLimits,
        *,
        norms: Norms,
        digest: Callable[[str], str],
        settings: Callable[[type[Any]], Any],
        zone: dt.tzinfo,
        introspection: bool = True,
        planned: bool = True,
        writes: Callable[[Engine], Writes] | None = None,
    ) -> None:
        self.catalogue = composed.catalogue
        self.reader = reader
        self.limits = limits
        self.dialect = DIALECTS[reader.dialect]
        self.documents = Documents(composed.catalogue, limits, introspection=introspection)
        self._norms = norms
        self._digest = digest
        self._settings = settings
        self._zone = zone
        self._planned = planned
        self.writes = writes and writes(self)

    async def answer(
        self,
        text: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        viewer: Viewer,
        request_id: str = "",
        language: str = "zh",
    ) -> Answer:
        """Run an operation for a viewer; every error becomes part of the answer.

        :param language: ``zh`` or ``en``, of what the rules of a mutation refuse.
        """
        try:
            operation = self.documents.get(text).operation(operation_name)
            values = operation.coerce(variables or {})
            cost = operation.cost(values)
        except RequestError as exc:
            return _refusal(exc.errors[: self.limits.errors], request_id)
        bind = self.bind(values, viewer)
        try:
            if self._planned and operation.is_query:
                plan = self.plan(operation, values, viewer)
                if plan is not None:
                    found = await self._raw(plan, bind, operation)
                    if found is not None:
                        return Answer(200, b'{"data":' + found.encode() + self._tail(cost), "raw")
            if self._planned and self.writes is not None and not operation.is_query:
                answer = await self._mutate(operation, bind, cost, request_id, language)
                if answer is not None:
                    return answer
            return await self._core(operation, bind, variables or {}, cost, request_id, language)
        except DatabaseUnavailableError as exc:
            log.error("request %s: %s", request_id, exc)  # noqa: TRY400  # the text says it all
            return _failure(
                "UNAVAILABLE",
                "数据库暂不可用，请稍后再试 · the database is unavailable, try again in a moment",
                request_id,
                503,
            )
        except (StatementTimeoutError, TimeoutError):
            log.warning("request %s: took too long", request_id)
            return _failure("TIMEOUT", "查询超时 · the operation took too long", request_id, 503)

    def bind(self, values: Mapping[str, Any], viewer: Viewer) -> Bind:
        """Return what a plan takes its parameters from at one request."""
        return Bind(values, viewer, self._zone, self._norms, self._digest, self._settings)

    def reads_only(self, text: str, operation_name: str | None) -> bool:
        """Whether a document's operation is a query; what is refused anyway counts as one."""
        try:
            return self.documents.get(text).operation(operation_name).is_query
        except RequestError:
            return True

    def plan(
        self, operation: Operation, values: Mapping[str, Any], viewer: Viewer, *, flat: bool = False
    ) -> Plan | None:
        """Return the plan of an operation, None where it is not plannable.

        :param flat: make it anew so that it does not nest; that is then the operation's plan.
        """
        key = (viewer.shape_key, operation.shape(values))
        try:
            if not flat:
                known = operation.plans[key]
                return known if isinstance(known, Plan) else None
        except KeyError:
            pass
        plan = self._compile(operation, values, viewer, flat=flat)
        operation.remember(key, plan)
        return plan

    def _compile(
        self, operation: Operation, values: Mapping[str, Any], viewer: Viewer, *, flat: bool
    ) -> Plan | None:
        compiler = self._compiler(operation, values, viewer, flat=flat)
        try:
            return compiler.operation(operation.node.selection_set)
        except (Unplannable, BadInput):
            return None
        except Exception:  # a fault of the planner must not cost the answer
            log.exception("the planner failed; the operation runs in core")
            return None

    def _compiler(
        self, operation: Operation, values: Mapping[str, Any], viewer: Viewer, *, flat: bool
    ) -> Compiler:
        return Compiler(
            self.catalogue,
            self.dialect,
            viewer.shape,
            self.limits,
            Selections(self.catalogue, operation.fragments, values),
            values,
            flat=flat,
        )

    async def _raw(self, plan: Plan, bind: Bind, operation: Operation) -> str | None:
        """Run a plan; None where core has to answer, which says at which field the fault is."""
        try:
            return await self.reader.text(plan.sql, plan.bind(bind))
        except StatementTooDeepError:
            flat = self.plan(operation, bind.variables, bind.viewer, flat=True)
            return None if flat is None else await self.reader.text(flat.sql, flat.bind(bind))
        except (DatabaseUnavailableError, StatementTimeoutError):
            raise
        except (BadInput, GongzhiError):
            return None
        except Exception as exc:  # noqa: BLE001  # whatever a driver raises must not cost the answer
            # the driver's text may hold a client's values, so only its kind is logged
            log.error(  # noqa: TRY400  # as above
                "the statement failed, the operation runs in core: %s", type(exc).__name__
            )
            return None

    async def _mutate(
        self, operation: Operation, bind: Bind, cost: int, request_id: str, language: str
    ) -> Answer | None:
        """Run a mutation operation by its plan; None, before anything ran, where it has none."""
        assert self.writes is not None  # noqa: S101  # asked before

        def make(flat: bool) -> Compiler:  # noqa: FBT001  # a callback of one argument
            return self._compiler(operation, bind.variables, bind.viewer, flat=flat)

        key = (bind.viewer.shape_key, operation.shape(bind.variables))
        try:
            plan = operation.plans[key]
        except KeyError:
            try:
                plan = plan_mutations(make, operation.node.selection_set)
            except (Unplannable, BadInput):
                plan = None
            except Exception:  # as in a read
                log.exception("the planner failed; the operation runs in core")
                plan = None
            operation.remember(key, plan)
        if not isinstance(plan, MutationPlan):
            return None
        run = MutationRun(
            self.writes, self.reader, make, bind, request_id=request_id, language=language
        )
        async with asyncio.timeout(self.limits.timeout_seconds):
            data = await run.data(plan)
        body = b'{"data":' + data
        if run.errors:
            listed = [shown(e, request_id) for e in run.errors[: self.limits.errors]]
            body += b',"errors":' + orjson.dumps(listed)
        return Answer(200, body + self._tail(cost), "raw")

    async def _core(
        self,
        operation: Operation,
        bind: Bind,
        given: Mapping[str, Any],
        cost: int,
        request_id: str,
        language: str,
    ) -> Answer:
        result = execute(
            self.catalogue.schema,
            operation.document,
            context_value=Execution(
                self, operation.fragments, bind, request_id=request_id, language=language
            ),
            variable_values=dict(given),
            operation_name=operation.name,
        )
        if not isinstance(result, ExecutionResult):
            result = await asyncio.wait_for(result, self.limits.timeout_seconds)
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [shown(e, request_id) for e in result.errors[: self.limits.errors]]
        body["extensions"] = {"cost": {"requested": cost, "maximum": self.limits.cost}}
        return Answer(200, orjson.dumps(body), "core")

    def _tail(self, cost: int) -> bytes:
        return b',"extensions":{"cost":{"requested":%d,"maximum":%d}}}' % (cost, self.limits.cost)


def shown(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """Return an error as a client may see it: what is unexpected is masked and logged."""
    original = error.original_error
    made = error.formatted
    if original is None or isinstance(original, GraphQLError):
        # graphql-core found an argument wrong and says where, or a resolver refused in its words
        code = "BAD_USER_INPUT" if original is None or original.nodes else "REFUSED"
        return {**made, "extensions": {"code": code, **(made.get("extensions") or {})}}
    if isinstance(original, DatabaseUnavailableError):
        raise original
    if isinstance(original, StatementTimeoutError):
        raise original
    if isinstance(original, GongzhiError):
        return {**made, "extensions": {"code": "REFUSED"}}
    log.error("request %s: a resolver failed: %s", request_id, trace(original))
    return {
        **made,
        "message": "内部错误 · internal error",
        "extensions": {"code": "INTERNAL", "requestId": request_id},
    }


def trace(error: BaseException) -> str:
    """Return where an exception came from and what led to it, without their texts.

    A database quotes whole rows in its texts, and a validator what it was given.
    """
    lines: list[str] = []
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:  # a chain of causes may be a ring
        seen.add(id(cause))
        lines += [type(cause).__name__, *traceback.format_tb(cause.__traceback__)]
        cause = cause.__cause__ or cause.__context__
    return "\n".join(lines)


def _refusal(errors: list[GraphQLError], request_id: str) -> Answer:  # noqa: ARG001
    body = {"errors": [e.formatted for e in errors]}
    return Answer(400, orjson.dumps(body), "refused")


def _failure(code: str, message: str, request_id: str, status: int) -> Answer:
    body = {"errors": [{"message": message, "extensions": {"code": code, "requestId": request_id}}]}
    return Answer(status, orjson.dumps(body), "refused")
