"""What routes share: problems, transactions, idempotency, pages, versions."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.routing import APIRoute, iter_route_contexts
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter, ValidationError

from backend.core import audit_trail
from backend.core.capability import ApprovalKinds
from backend.core.database import Connection, load_queries
from backend.core.dependencies import database_of
from backend.core.problem_responses import MEDIA_TYPE
from backend.core.problems import ProblemError, raises
from backend.core.security import principal_of
from models.core.base import Instant, storable
from models.core.paging import PAGE_MOST
from models.core.problems import REGISTRY, Code, FieldError

__all__ = [
    "AsOf",
    "IfMatch",
    "Kinds",
    "Limit",
    "ProblemError",
    "address_of",
    "decode_cursor",
    "decode_place",
    "encode_cursor",
    "known_id",
    "operations_router",
    "set_etag",
]

queries = load_queries(__package__, "http.sql")

KEY_HEADER = "Idempotency-Key"
KEY_LONGEST = 200
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
NO_STORE = "no-store"


class _Replay(Exception):  # noqa: N818 - not an error: the answer is known already
    def __init__(self, response: Response) -> None:
        self.response = response


class _Unit:
    """One writing request: at most one transaction, and its answer kept under the idempotency key within it."""

    def __init__(self, request: Request, stack: AsyncExitStack) -> None:
        self._request = request
        self._stack = stack
        self._tx: Connection | None = None
        self._claim: dict[str, Any] | None = None

    async def begin(self) -> Connection:
        """The transaction; begun at first use. Raises ProblemError, or _Replay when the request was answered before."""
        if self._tx is None:
            key = self._request.headers.get(KEY_HEADER)
            # Who asks is settled before a connection is held: two at once could starve the pool.
            principal = await principal_of(self._request) if key is not None else None
            tx = await self._stack.enter_async_context(database_of(self._request).transaction())
            if key is not None and principal is not None:
                self._claim = await self._claimed(tx, key, f"{principal.kind}:{principal.user_id}")
            self._tx = tx
        return self._tx

    async def _claimed(self, tx: Connection, key: str, principal: str) -> dict[str, Any]:
        if not 1 <= len(key) <= KEY_LONGEST or not key.isprintable():
            raise _header_problem(KEY_HEADER, f"the key has 1 to {KEY_LONGEST} printable characters")
        request = self._request
        claim = {
            "principal": principal,
            "method": request.method,
            # As it came: the decoded one may hold what cannot be stored, and request.url trusts the Host header.
            "path": quote(request.scope["path"]),
            "key": key,
            "fingerprint": hashlib.sha256(
                b"\0".join(
                    (request.scope["query_string"], request.headers.get("if-match", "").encode(), await request.body())
                )
            ).digest(),
        }
        cursor = await tx.execute(queries.claim, claim)
        if await cursor.fetchone() != (True,):
            raise ProblemError(
                Code.IN_PROGRESS, "The same request is still being worked on.", headers={"Retry-After": "1"}
            )
        # A statement of its own: its snapshot is taken after the lock is held.
        cursor = await tx.execute(queries.earlier, claim)
        if (earlier := await cursor.fetchone()) is not None:
            fingerprint, status, headers, body = earlier
            if fingerprint != claim["fingerprint"]:
                raise ProblemError(Code.IDEMPOTENCY_KEY_REUSED, "The key was used for another request; use a new one.")
            raise _Replay(Response(body, status_code=status, headers={**headers, "Idempotent-Replay": "true"}))
        return claim

    async def keep(self, response: Response) -> None:
        """Keep the answer beside the change it tells of; what carries a secret is not kept: repeated, it runs anew."""
        if self._tx is None or self._claim is None or response.headers.get("cache-control") == NO_STORE:
            return
        headers = {k: v for k, v in response.headers.items() if k.lower() in {"content-type", "etag", "location"}}
        await self._tx.execute(
            queries.keep,
            self._claim | {"status": response.status_code, "headers": Jsonb(headers), "body": bytes(response.body)},
        )


class OperationsRoute(APIRoute):
    """Gives POST, PUT, PATCH and DELETE one transaction each, committed before the answer is sent.

    Such a request that succeeds without an audit entry, and without ``audit_trail.nothing_changed()``, is a fault
    of ours: it is rolled back and answered 500, so that no change can be forgotten in the log.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, wrapped when the route writes."""
        handle = super().get_route_handler()
        if not (self.methods or set()) & WRITING:
            return handle

        async def writing(request: Request) -> Response:
            try:
                async with AsyncExitStack() as stack:
                    unit = _Unit(request, stack)
                    request.state.begin = unit.begin
                    with audit_trail.audit_scope() as told:
                        response = await handle(request)
                    if response.status_code < 300 and told.silent:
                        raise RuntimeError(f"{request.method} {self.path} told the audit log nothing")
                    await unit.keep(response)
            except _Replay as replay:
                return replay.response
            return response

        return writing


def _key_documented(
    _key: Annotated[
        str | None,
        Header(
            alias=KEY_HEADER,
            description="Repeating a request with the same key and body answers the first answer again, for 24 h.",
            max_length=KEY_LONGEST,
        ),
    ] = None,
) -> None:
    """Nothing to do: the transaction looks at the header; this puts it into the OpenAPI document."""


def problems(*codes: Code) -> dict[int | str, dict[str, Any]]:
    """Problems as ``responses`` of a route tells them; those that follow from what it is made of are there already."""
    return {
        status: {
            "description": "; ".join(dict.fromkeys(m.title for m in REGISTRY.values() if m.status == status)) + ".",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({REGISTRY[code].status for code in codes})
    }


_UNTOLD = "default"
"""Keeps FastAPI from telling its own 422; ``tell_problems`` puts the statuses of the route in its place."""
WRITING_PROBLEMS = (Code.NOT_FOUND, Code.CONFLICT, Code.TOO_LARGE, Code.INVALID)


def tell_problems(app: FastAPI, document: dict[str, Any]) -> None:
    """Tell each route's problems in the OpenAPI document: they follow from its dependencies, parameters and method."""
    for context in iter_route_contexts(app.routes):
        for method in context.methods or ():
            path = str(context.path).replace(":path}", "}")
            operation = document["paths"].get(path, {}).get(method.lower(), {})
            if operation.get("responses", {}).pop(_UNTOLD, None) is not None:
                told = {
                    str(s): {"$ref": f"#/components/responses/{s}"}
                    for s in problems(*_codes(context, method, operation))
                }
                operation["responses"] = dict(sorted((told | operation["responses"]).items()))
    document["components"]["responses"] = {str(status): answer for status, answer in problems(*Code).items()}


def _codes(context: Any, method: str, operation: dict[str, Any]) -> set[Code]:
    codes = {Code.UNAVAILABLE, Code.INTERNAL}
    waiting = list(context.dependant.dependencies)
    while waiting:
        dependant = waiting.pop()
        codes.update(getattr(dependant.call, "raises", ()))
        waiting += dependant.dependencies
    parameters = operation.get("parameters", [])
    if parameters:
        codes.add(Code.INVALID)
    if any(parameter["in"] == "path" or parameter["name"] == "cursor" for parameter in parameters):
        codes.add(Code.NOT_FOUND)
    if method in WRITING:
        codes.update(WRITING_PROBLEMS)
    return codes


class OperationsRouter(APIRouter):
    """An APIRouter that documents the idempotency key on every POST."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route."""
        if "POST" in (options.get("methods") or ()):
            options["dependencies"] = [*(options.get("dependencies") or ()), Depends(_key_documented)]
        super().add_api_route(path, endpoint, **options)


def operations_router(prefix: str, *tags: str) -> APIRouter:
    """A router whose writing routes are one transaction each and honour ``Idempotency-Key``."""
    return OperationsRouter(prefix=prefix, tags=list(tags), route_class=OperationsRoute, responses={_UNTOLD: {}})


def _query_problem(name: str, message: str) -> ProblemError:
    return ProblemError(
        Code.INVALID, message, errors=[FieldError(pointer=f"query:{name}", code="invalid", message=message)]
    )


def _header_problem(name: str, message: str) -> ProblemError:
    return ProblemError(
        Code.INVALID, message, errors=[FieldError(pointer=f"header:{name}", code="invalid", message=message)]
    )


def encode_cursor(*values: datetime | str | int) -> str:
    """An opaque cursor for the key of the last row of a page."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(text: str, *types: type[datetime | str | int]) -> tuple[Any, ...]:
    """The values of a cursor, of these types. Raises ProblemError 422 at ``query:cursor``."""
    try:
        return _cursor_values(text, types)
    except (ValueError, RecursionError):
        raise _query_problem("cursor", "the cursor is not one of ours; start again without it") from None


def decode_place(text: str | None) -> tuple[datetime | None, UUID | None]:
    """Instant and id of the last row of the page before; nothing on the first page. Raises ProblemError 422 or 404."""
    if text is None:
        return None, None
    at, known = decode_cursor(text, datetime, str)
    return at, known_id(known, "page")


def _cursor_values(text: str, types: tuple[type[datetime | str | int], ...]) -> tuple[Any, ...]:
    values = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    if not isinstance(values, list):
        raise ValueError  # noqa: TRY004 - the caller answers both the same way
    return tuple(_cursor_value(value, kind) for value, kind in zip(values, types, strict=True))


def _cursor_value(value: object, kind: type[datetime | str | int]) -> Any:
    if kind is datetime:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        if instant is None or instant.tzinfo is None:
            raise ValueError
        return instant
    if type(value) is not kind or (isinstance(value, str) and not storable(value)):
        raise ValueError
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError
    return value


Limit = Annotated[int, Query(ge=1, le=PAGE_MOST, description="Rows of a page.")]
"""Use as ``limit: Limit = PAGE_DEFAULT``."""

AsOf = Annotated[Instant | None, Query(alias="asOf", description="Answer the state at this instant.")]
"""Use as ``as_of: AsOf = None``."""

_VERSION: TypeAdapter[int] = TypeAdapter(Annotated[int, Query(ge=1, le=2**63 - 1)])


@raises(Code.VERSION_MISSING, Code.STALE_VERSION)
def _if_match(
    if_match: Annotated[
        str | None, Header(alias="If-Match", description="Version the change is based on, as its ETag says.")
    ] = None,
) -> int:
    if if_match is None:
        raise ProblemError(Code.VERSION_MISSING, "Send If-Match with the version the change is based on.")
    text = if_match.strip().removeprefix("W/").strip('"')
    wrong = _header_problem("If-Match", 'If-Match is one version in quotes, such as "3"')
    if not text.isascii() or not text.isdigit():
        raise wrong
    try:
        return _VERSION.validate_python(int(text[:20]))
    except ValidationError:
        raise wrong from None


IfMatch = Annotated[int, Depends(_if_match)]
"""The version a change is based on. Missing: 428; not a version: 422."""


def _approval_kinds(request: Request) -> ApprovalKinds:
    kinds: ApprovalKinds = request.app.state.approval_kinds
    return kinds


Kinds = Annotated[ApprovalKinds, Depends(_approval_kinds)]
"""Every kind of approval, for routes that decide one or say who may."""


def address_of(request: Request) -> str:
    """Where a request comes from, as far as is known; behind a proxy that is trusted, what it says."""
    return request.client.host if request.client is not None else "unknown"


def known_id(text: str, what: str) -> UUID:
    """Ids of ours are UUIDs; anything else names nothing we have: 404."""
    try:
        return UUID(text)
    except ValueError:
        raise ProblemError(Code.NOT_FOUND, f"There is no such {what}.") from None


def _no_store(response: Response) -> None:
    response.headers["Cache-Control"] = NO_STORE


Secret = Depends(_no_store)
"""Dependency of routes whose answer carries a token, a code or a secret: nobody on the way keeps it, nor do we."""


def set_etag(response: Response, version: int) -> None:
    """Tell the version of the answered record."""
    response.headers["ETag"] = f'"{version}"'
