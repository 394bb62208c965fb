"""GraphQL of the event record. No annotations from the future: strawberry reads the real ones."""

import datetime as dt

from strawberry import ID

from gongzhi.graph import (
    Argument,
    Connection,
    Node,
    Query,
    Scope,
    Sql,
    column,
    expression,
    extends,
    lookup,
    many,
    node,
    one,
)
from gongzhi.registry.api import Organization
from gongzhi.writing import models

READ = "core.audit.read"


def _account(sql: Sql) -> str:
    return f"('Account:' || {sql.column('account_id')})"


def _on_behalf_of(sql: Sql) -> str:
    return f"('Person:' || {sql.column('on_behalf_of_id')})"


def _entity(sql: Sql) -> str:
    kind, key = sql.column("entity_type"), sql.column("entity_id")
    return f"CASE WHEN {kind} <> '' THEN {kind} || ':' || {key} END"


def _is_asked_for(sql: Sql, row: str) -> str:
    """Return the condition of the arguments ``entity`` and ``account``."""
    conditions = ["TRUE"]
    if (given := sql.given("entity")) is not None:
        kind = sql.value(lambda bind: given(bind).partition(":")[0])
        key = sql.argument("entity", "id")
        conditions.append(f"{row}.entity_type = {kind} AND {row}.entity_id = {key}")
    if (account := sql.argument("account", "id:Account")) is not None:
        conditions.append(f"{row}.account_id = {account}")
    return " AND ".join(conditions)


@node(
    models.Event,
    scope=Scope.of("organization"),
    read=READ,
    filters=("kind", "recorded_at", "actor", "organization"),
)
class Event(Node):
    """事件：何人何时做了何事，只增不改 · what was done, when and by whom; never changed.

    position: 序号，连续 · its place in the record, without gaps
    kind: 事件类型，如 ledger.issue.settle · what was done, such as ledger.issue.settle
    recorded_at: 登记时间 · when it was recorded
    occurred_at: 发生时间，与登记时间不同时才有 · when it happened, where that is another time
    actor: 账号名，或自行办理的任务、命令 · the account's name, or the job or command that acted
    account_id: 账号的全局编号 · global id of the account
    on_behalf_of_id: 代何人办理 · global id of the person for whom it was entered
    organization: 所属组织 · the organization that it belongs to
    entity_type: 对象类型 · type of what it was done to
    entity_id: 对象的全局编号 · global id of what it was done to
    request_id: 请求编号 · id of the request
    data: 其他内容（JSON），只含编号、代码、日期和数字 · what more there is to say, as JSON text:
        ids, codes, days and numbers
    hash: 哈希，覆盖本条与上一条的哈希 · covers this event and the hash of the one before
    """

    position: int = column("id")
    kind: str
    recorded_at: dt.datetime
    occurred_at: dt.datetime | None
    actor: str
    account_id: ID | None = expression(_account)
    on_behalf_of_id: ID | None = expression(_on_behalf_of)
    organization: Organization | None = one()
    entity_type: str
    entity_id: ID | None = expression(_entity)
    request_id: str
    data: str
    hash: str


@extends(Query)
class Queries:
    """Root fields.

    event: 取一条事件 · one event
    events: 事件记录，新的在前 · the event record, new first
    """

    event: Event | None = lookup()
    events: Connection[Event] = many(
        arguments=(
            Argument("entity", ID | None, "关于某对象 · of the object with this global id"),
            Argument("account", ID | None, "由某账号办理 · done by this account"),
        ),
        condition=_is_asked_for,
        order=("id",),
        descending=True,
    )


GRAPHQL: tuple[type, ...] = (Event, Queries)
"""Everything that the event record contributes to the API."""
