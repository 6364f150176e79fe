"""What all routes share: problem documents, request ids, versions, idempotency, cursors.

Contract: "Conventions". Routes that change something go through :class:`ChangingRoute`, which owns the transaction.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import structlog
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException

from backend.database import Database, DatabaseUnavailable, load_queries
from models.base import Instant
from models.paging import PAGE_DEFAULT, PAGE_MOST
from models.problems import REGISTRY, Code, FieldError, Problem

PROBLEM_TYPE = "application/problem+json"
MOST_BYTES = 4 * 1024 * 1024

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request being answered; stands in its log lines, problem and audit rows."""

log = structlog.get_logger()
queries = load_queries(__package__)


class ProblemError(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        permission: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.permission = permission
        self.headers = dict(headers or {})


def problem_response(error: ProblemError) -> Response:
    """The problem document of an error."""
    meaning = REGISTRY[error.code]
    body = Problem(
        type=f"urn:opsconsole:problem:{error.code}",
        title=meaning.title,
        status=meaning.status,
        detail=error.detail,
        code=error.code,
        errors=error.errors,
        permission=error.permission,
        request_id=request_id.get(),
    )
    text = body.model_dump_json(by_alias=True, exclude_none=True)
    return Response(text, status_code=meaning.status, media_type=PROBLEM_TYPE, headers=error.headers)


def field_errors(errors: Sequence[Any], *, prefix: str = "") -> tuple[FieldError, ...]:
    """pydantic's findings as the contract's, with JSON pointers into the body or ``query:name``."""
    found = []
    for error in errors:
        place, *rest = error["loc"] or ("body",)
        if prefix or place not in {"body", "query", "path", "header"}:
            rest = [place, *rest]
            place = "body"
        if place == "body":
            pointer = prefix + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in rest)
        else:
            pointer = f"{place}:{'.'.join(map(str, rest))}"
        message = str(error["msg"]).removeprefix("Value error, ")
        found.append(FieldError(pointer=pointer, code=str(error["type"]), message=message))
    return tuple(found)


def unavailable(detail: str = "The database does not answer just now.") -> ProblemError:
    """503 with the advice when to try again."""
    return ProblemError(Code.UNAVAILABLE, detail, headers={"Retry-After": "2"})


def translate(error: Exception) -> ProblemError:
    """Any exception as a problem that says nothing about our insides."""
    match error:
        case ProblemError():
            return error
        case DatabaseUnavailable():
            log.warning("database unavailable", reason=str(error))
            return unavailable()
        case RequestValidationError():
            errors = field_errors(error.errors())
            named = ", ".join(e.pointer or "the body" for e in errors[:5])
            return ProblemError(Code.INVALID, f"Please correct: {named}.", errors=errors)
        case HTTPException():
            codes = {404: Code.NOT_FOUND, 405: Code.METHOD_NOT_ALLOWED, 413: Code.TOO_LARGE}
            code = codes.get(error.status_code, Code.INVALID)
            headers = {k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
            return ProblemError(code, REGISTRY[code].title + ".", headers=headers)
        case _:
            log.error("request failed", exc_info=error)
            return ProblemError(
                Code.INTERNAL, "The server failed to answer; its log has the details under this requestId."
            )


def install(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document."""

    async def handle(_request: Request, error: Exception) -> Response:
        return problem_response(translate(error))

    for kind in (ProblemError, DatabaseUnavailable, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handle)


# --- transactions and repeats ------------------------------------------------------------------------------


def database_of(request: Request) -> Database:
    """The API's database."""
    database: Database = request.app.state.database
    return database


async def _read(request: Request) -> AsyncIterator[AsyncConnection[Any]]:
    async with database_of(request).read() as connection:
        yield connection


def _tx(request: Request) -> AsyncConnection[Any]:
    tx: AsyncConnection[Any] = request.state.tx
    return tx


Read = Annotated[AsyncConnection[Any], Depends(_read, scope="function")]
"""A connection for reads."""

Tx = Annotated[AsyncConnection[Any], Depends(_tx, scope="function")]
"""The transaction of a route that changes something; committed before the answer is sent."""

_CHANGING = {"POST", "PATCH", "PUT", "DELETE"}

IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200, description="repeats answer the same")
]


class ChangingRoute(APIRoute):
    """Wraps routes that change something in one transaction, committed before the answer leaves.

    With an ``Idempotency-Key`` the answer is kept in the same transaction for 24 h: same key and body → the first
    answer again; same key, other body → 422; still in progress → 409.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler inside a transaction."""
        inner = super().get_route_handler()
        if not self.methods & _CHANGING:
            return inner

        async def handle(request: Request) -> Response:
            body = await request.body()
            if len(body) > MOST_BYTES:
                raise ProblemError(Code.TOO_LARGE, f"At most {MOST_BYTES} bytes are taken at once.")
            async with database_of(request).transaction() as tx:
                request.state.tx = tx
                key = request.headers.get("idempotency-key")
                if key is None:
                    return await inner(request)
                return await _once(tx, request, key, body, inner)

        return handle


async def _once(
    tx: AsyncConnection[Any],
    request: Request,
    key: str,
    body: bytes,
    inner: Callable[[Request], Coroutine[Any, Any, Response]],
) -> Response:
    if not 1 <= len(key) <= 200 or not key.isprintable():
        error = FieldError(pointer="header:Idempotency-Key", code="key", message="1 to 200 printable characters")
        raise ProblemError(Code.INVALID, "The Idempotency-Key is not usable.", errors=[error])
    # Who asks is part of the key, so that nobody can read another's answer by guessing. The token itself would
    # change with every refresh, so it is the subject the token names; the route checks the token before it answers.
    scope = f"{_subject(request)} {request.method} {request.url.path}"
    digest = hashlib.sha256(body + b"\0" + request.headers.get("if-match", "").encode()).digest()
    lock = int.from_bytes(hashlib.sha256(f"{scope} {key}".encode()).digest()[:8], "big", signed=True)
    row = await (await tx.execute(queries.lock_key, {"lock": lock})).fetchone()
    if row is None or not row[0]:
        raise ProblemError(Code.IN_PROGRESS, "The same request is being worked on.", headers={"Retry-After": "1"})
    found = await (await tx.execute(queries.find_key, {"scope": scope, "key": key})).fetchone()
    if found is not None:
        if bytes(found[0]) != digest:
            raise ProblemError(Code.IDEMPOTENCY_KEY_REUSED, "This Idempotency-Key was used for a different request.")
        # The dependencies still run, so that a repeat is only answered to somebody who may ask.
        await request.app.state.authenticate(request)
        headers = dict(found[2]) | {"Idempotency-Replayed": "true"}
        return Response(bytes(found[3]), status_code=found[1], headers=headers)
    response = await inner(request)
    kept = {k: v for k, v in response.headers.items() if k in {"content-type", "etag", "location"}}
    values = {
        "scope": scope,
        "key": key,
        "digest": digest,
        "status": response.status_code,
        "headers": Jsonb(kept),
        "body": bytes(response.body),
    }
    await tx.execute(queries.keep_answer, values)
    return response


def _subject(request: Request) -> str:
    """Who the token says it is, unverified: only a part of a lookup key."""
    token = request.headers.get("authorization", "").rpartition(" ")[2]
    with contextlib.suppress(Exception):
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return f"{claims['iss']}|{claims['sub']}"
    return hashlib.sha256(token.encode()).hexdigest()


def operations_router(prefix: str, tag: str) -> APIRouter:
    """A router whose changing routes have a transaction and idempotency."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=ChangingRoute,
        responses={
            status: {"model": Problem, "content": {PROBLEM_TYPE: {}}, "description": "Problem"}
            for status in (401, 403, 422, 503)
        },
    )


# --- versions ----------------------------------------------------------------------------------------------


def _if_match(
    if_match: Annotated[str | None, Header(alias="If-Match", description='version in quotes: "3"')] = None,
) -> int:
    if if_match is None:
        raise ProblemError(Code.VERSION_MISSING, "Send If-Match with the ETag of the record you decided on.")
    text = if_match.removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        error = FieldError(pointer="header:If-Match", code="version", message='a version in quotes, such as "3"')
        raise ProblemError(Code.INVALID, "If-Match is not a version.", errors=[error])
    return int(text)


IfMatch = Annotated[int, Depends(_if_match)]
"""The version a change is based on."""


def set_etag(response: Response, version: int) -> None:
    """State the version of the record answered."""
    response.headers["ETag"] = f'"{version}"'


# --- lists and instants ------------------------------------------------------------------------------------

Limit = Annotated[
    int, Query(ge=1, le=PAGE_MOST, description=f"rows a page, at most {PAGE_MOST}; {PAGE_DEFAULT} if left out")
]
CursorText = Annotated[str | None, Query(max_length=1000, description="nextCursor of the page before")]
AsOf = Annotated[Instant | None, Query(alias="asOf", description="the past instant to answer for")]


def encode_cursor(*values: Any) -> str:
    """An opaque cursor of the last row's sort key."""
    text = json.dumps([v.isoformat() if isinstance(v, datetime) else v for v in values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *types: Any) -> tuple[Any, ...]:
    """The sort key of a cursor.

    Raises:
        ProblemError: 422 when it is not one of ours.
    """
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(types):
            raise ValueError("wrong shape")
        return tuple(TypeAdapter(kind).validate_python(value) for kind, value in zip(types, values, strict=True))
    except (ValueError, ValidationError, UnicodeError) as error:
        wrong = FieldError(pointer="query:cursor", code="cursor", message="take nextCursor of the page before as it is")
        raise ProblemError(Code.INVALID, "The cursor is not one of this list.", errors=[wrong]) from error


def now() -> datetime:
    """The instant of now, in UTC."""
    return datetime.now(UTC)


def new_request_id() -> str:
    """A fresh request id."""
    return uuid4().hex
