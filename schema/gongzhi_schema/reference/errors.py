"""The codes of top-level errors: everything of ``extensions.code``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gongzhi_schema.reference.markdown import code, table


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One value of ``extensions.code`` in an answer."""

    code: str
    status: str
    """HTTP status, see the text above the table for ``400/200``."""
    meaning: str
    mend: str


_REQUEST = "400/200"

ERRORS: tuple[ErrorCode, ...] = (
    ErrorCode(
        "BAD_REQUEST",
        "400",
        "The body is not a JSON object, `query` is missing, a part has the wrong type, or a text "
        "holds a NUL character.",
        'Send `{"query": "…", "variables": {…}, "operationName": "…"}`.',
    ),
    ErrorCode(
        "UNAUTHENTICATED",
        "401, or 200 with data",
        "The header `Authorization` is there, but its token is unknown, revoked or expired, or "
        "the account is switched off. With data: a mutation without that header.",
        "Get a new token. Without the header the request runs as anybody.",
    ),
    ErrorCode(
        "METHOD_NOT_ALLOWED",
        "405",
        "A method other than GET and POST, or an operation by GET that is not a query.",
        "Use POST.",
    ),
    ErrorCode(
        "BODY_LIMIT",
        "413",
        "The body is larger than `limits.body_bytes`.",
        "Send less: put large values into several requests.",
    ),
    ErrorCode(
        "UNSUPPORTED_MEDIA_TYPE",
        "415",
        "The body is not `application/json`, or it is compressed.",
        "Send `Content-Type: application/json`, uncompressed.",
    ),
    ErrorCode(
        "MISDIRECTED",
        "421",
        "The header `Host` names a host that this server does not serve.",
        "The operator adds it to `server.hosts`.",
    ),
    ErrorCode(
        "UNAVAILABLE",
        "503",
        "The server is starting, or the database does not answer.",
        "Try again in a moment.",
    ),
    ErrorCode(
        "TIMEOUT",
        "503",
        "The operation ran longer than `limits.timeout_seconds` allows.",
        "Ask for less at a time, or for smaller pages.",
    ),
    ErrorCode(
        "GRAPHQL_PARSE_FAILED",
        _REQUEST,
        "The document is not GraphQL; `locations` says where.",
        "Correct the document.",
    ),
    ErrorCode(
        "GRAPHQL_VALIDATION_FAILED",
        _REQUEST,
        "The document does not fit the schema: an unknown field or argument, a wrong type, a "
        "missing selection.",
        "Compare it with the schema of this deployment; a plugin may be off.",
    ),
    ErrorCode(
        "OPERATION_RESOLUTION_FAILURE",
        _REQUEST,
        "The document has several operations and `operationName` names none of them.",
        "Name one.",
    ),
    ErrorCode(
        "INTROSPECTION_DISABLED",
        _REQUEST,
        "The document asks for `__schema` or `__type`, and this server does not answer that.",
        "Use the published schema file, or set `server.introspection`.",
    ),
    ErrorCode(
        "BAD_USER_INPUT",
        "400/200, or 200 with data",
        "A variable or argument has a value that is not allowed: a wrong type, a page size out of "
        "range, an id or a cursor that is none.",
        "The message says which form is wanted.",
    ),
    ErrorCode(
        "TOKEN_LIMIT",
        _REQUEST,
        "The document has more words and signs than `limits.tokens`.",
        "Split the document.",
    ),
    ErrorCode(
        "DEPTH_LIMIT", _REQUEST, "More levels of fields than `limits.depth`.", "Ask in two steps."
    ),
    ErrorCode(
        "ALIAS_LIMIT", _REQUEST, "More aliases than `limits.aliases`.", "Split the operation."
    ),
    ErrorCode(
        "ROOT_FIELD_LIMIT",
        _REQUEST,
        "More fields at the root than `limits.root_fields`.",
        "Split the operation.",
    ),
    ErrorCode(
        "DIRECTIVE_LIMIT",
        _REQUEST,
        "More directives than `limits.directives`.",
        "Split the operation.",
    ),
    ErrorCode(
        "VARIABLE_LIMIT",
        _REQUEST,
        "More variables than `limits.variables`.",
        "Use one input object.",
    ),
    ErrorCode(
        "OPERATION_LIMIT",
        _REQUEST,
        "More operations in the document than `limits.operations`.",
        "Split the document.",
    ),
    ErrorCode(
        "COST_LIMIT",
        _REQUEST,
        "The operation costs more than `limits.cost`; `extensions.requested` has the figure.",
        "Ask for smaller pages or fewer nested lists.",
    ),
    ErrorCode(
        "FORBIDDEN",
        "200 with data",
        "A mutation: the account sees what it names, and may not do this to it. The message names "
        "the permission.",
        "Ask for a grant of a role that carries the permission; `viewerCan` shows beforehand what "
        "may be done.",
    ),
    ErrorCode(
        "BUSY",
        "200 with data",
        "A mutation: others are changing the same rows, and it was tried several times. Nothing "
        "was written.",
        "Send it again after a moment.",
    ),
    ErrorCode(
        "KEY_REUSED",
        "200 with data",
        "A mutation: its `idempotencyKey` was used by this account with another input or another "
        "mutation.",
        "Make a new key for every new request.",
    ),
    ErrorCode(
        "ALREADY_DONE",
        "200 with data",
        "A mutation: the request with this `idempotencyKey` was done, and what it gave is shown "
        "once only, such as a new token.",
        "Do it anew with a new key, or go on without the answer.",
    ),
    ErrorCode(
        "READ_ONLY",
        "200 with data",
        "A mutation: this server only reads.",
        "Ask the server that writes.",
    ),
    ErrorCode(
        "REFUSED",
        "200 with data",
        "A rule refuses what one field asks for; the message says why.",
        "Read the message.",
    ),
    ErrorCode(
        "INTERNAL",
        "200 with data",
        "Something unexpected failed in one field. Its details are in the server's log only.",
        "Report `extensions.requestId` to the operator.",
    ),
)
"""Every code that the server gives, by what a client does about it."""


def errors() -> Iterator[str]:
    """Yield the page."""
    yield "# GraphQL errors"
    yield ""
    yield "Every error has a stable `extensions.code` and a message in Chinese and English."
    yield ""
    yield "Where the status is 400/200, it is 400 for clients that accept"
    yield "`application/graphql-response+json` and 200 for the others, as the specification of"
    yield "GraphQL over HTTP asks. *With data*: the rest of the answer is there, and `path` names"
    yield "the field that is null."
    yield ""
    yield from table(
        ("code", "HTTP", "meaning", "what to do"),
        ((code(e.code), e.status, e.meaning, e.mend) for e in ERRORS),
    )
