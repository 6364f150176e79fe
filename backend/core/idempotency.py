"""Writing routes: one transaction each, and its answer kept under the key of the request, so that a repeat finds it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Header, Request, Response
from fastapi.routing import APIRoute
from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.database import Connection, load_queries
from backend.core.dependencies import database_of
from backend.core.json import parse
from backend.core.problems import ProblemError, invalid
from backend.core.security import Guard, principal_of
from models.core.problems import Code

queries = load_queries(__package__, "idempotency.sql")

KEY_HEADER = "Idempotency-Key"
KEY_LONGEST = 200
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
NO_STORE = "no-store"


class _Replay(Exception):  # noqa: N818 - not an error: the answer is known already
    def __init__(self, response: Response) -> None:
        self.response = response


class _Unit:
    """One writing request: at most one transaction, and its answer kept under the idempotency key within it.

    Without ``keyed`` the key is none of our business.
    """

    def __init__(self, request: Request, stack: AsyncExitStack, *, keyed: bool) -> None:
        self._request = request
        self._stack = stack
        self._keyed = keyed
        self._tx: Connection | None = None
        self._claim: dict[str, Any] | None = None

    async def begin(self) -> Connection:
        """The transaction; begun at first use. Raises ProblemError, or _Replay when the request was answered before."""
        if self._tx is None:
            key = self._request.headers.get(KEY_HEADER) if self._keyed else None
            # Who asks is settled before a connection is held: two at once could starve the pool.
            principal = await principal_of(self._request) if key is not None else None
            tx = await self._stack.enter_async_context(database_of(self._request).transaction())
            if key is not None and principal is not None:
                self._claim = await self._claim_key(tx, key, f"{principal.kind}:{principal.user_id}")
            self._tx = tx
        return self._tx

    async def _claim_key(self, tx: Connection, key: str, principal: str) -> dict[str, Any]:
        if not 1 <= len(key) <= KEY_LONGEST or not key.isprintable():
            raise invalid(f"header:{KEY_HEADER}", f"the key has 1 to {KEY_LONGEST} printable characters")
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


class _JsonRequest(Request):
    async def json(self) -> Any:
        """Its JSON, read once, as ``backend.core.json`` reads it."""
        if not hasattr(self, "_json"):
            self._json = parse(await self.body())
        return self._json


class OperationsRoute(APIRoute):
    """Gives POST, PUT, PATCH and DELETE one transaction each, committed before the answer is sent.

    Such a request that succeeds without an audit entry, and without ``audit_trail.nothing_changed()``, is a fault
    of ours: it is rolled back and answered 500, so that no change can be forgotten in the log.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind the route's guards; where the route writes, in its transaction."""
        handle = super().get_route_handler()
        guards = [each.call for each in self.dependant.dependencies if isinstance(each.call, Guard)]

        async def handle_guarded(request: Request) -> Response:
            # Who may not ask learns that first, before anything of the request is read or judged.
            for guard in guards:
                await guard.admit(request)
            return await handle(request)

        if not (self.methods or set()) & WRITING:
            return handle_guarded

        async def handle_writing(request: Request) -> Response:
            request = _JsonRequest(request.scope, request.receive)
            for guard in guards:
                await guard.admit(request)
            # Whole before a connection is taken: nobody holds one while a client takes its time.
            await request.body()
            try:
                async with AsyncExitStack() as stack:
                    # Where nobody signs in there is nobody a key could belong to: what comes in names itself.
                    unit = _Unit(request, stack, keyed=bool(guards))
                    request.state.begin = unit.begin
                    with audit_trail.audit_scope() as scope:
                        response = await handle(request)
                    if response.status_code < 300 and scope.silent:
                        raise RuntimeError(f"{request.method} {self.path} told the audit log nothing")
                    await unit.keep(response)
            except _Replay as replay:
                return replay.response
            return response

        return handle_writing


def key_documented(
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
